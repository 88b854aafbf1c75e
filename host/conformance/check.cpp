// SPDX-License-Identifier: Apache-2.0
#include "conformance/check.h"

#include <exception>

namespace kith::conformance {

std::vector<std::string> Subject::tables() const {
  auto tables = plugin.tables_at_ends;
  tables.insert(tables.begin(), plugin.id);
  return tables;
}

std::span<const Check> checks_of(std::string_view kind) {
  if (kind == "augmentation") return augmentation_checks();
  if (kind == "encoder") return encoder_checks();
  if (kind == "evaluation") return evaluation_checks();
  if (kind == "loss") return loss_checks();
  if (kind == "method") return method_checks();
  return {};
}

Findings run_check(const Check& check, const Subject& subject) {
  Findings findings;
  try {
    check.run(subject, findings);
  } catch (const std::exception& e) {
    findings.fail(e.what());
  }
  return findings;
}

}  // namespace kith::conformance
