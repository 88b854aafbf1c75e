// SPDX-License-Identifier: Apache-2.0
#include "conformance/check.h"

#include <exception>
#include <kith/error.hpp>

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

void expect_operators(const Subject& subject, const std::set<std::string>& others,
                      const std::string& what, Findings& findings,
                      const std::function<void(const std::string& table)>& use) {
  const auto& plugin = subject.plugin;
  auto tables = plugin.tables_at_choices;
  tables.insert(tables.begin(), plugin.id);
  harness::Calls all;
  for (const auto& table : tables) {
    findings.about(table);
    const auto calls = harness::record_calls([&] {
      try {
        use(table);
      } catch (const ConfigError&) {
        findings.expect(table != plugin.id, "its defaults are refused");
      }
    });
    if (calls.read_backs > 0) findings.expect_no_read_back(calls);
    all.operators.insert(calls.operators.begin(), calls.operators.end());
    all.read_backs += calls.read_backs;
  }
  findings.about("");
  auto listed = others;
  listed.insert(plugin.operators.begin(), plugin.operators.end());
  findings.expect_listed(all.operators, listed);
  findings.measured(what + " with the defaults and each of " + std::to_string(tables.size() - 1) +
                    " choices, " + std::to_string(all.operators.size()) + " operators");
  if (all.read_backs == 0) findings.expect_no_read_back(all);
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
