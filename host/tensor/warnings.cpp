// SPDX-License-Identifier: Apache-2.0
#include "tensor/warnings.h"

#include <utility>

namespace kith::host {
namespace {

/// LibTorch's text speaks of a Python function and of its own issue tracker.
std::string reworded(const std::string& text) {
  const auto end = text.find(" does not have a deterministic implementation");
  if (end == std::string::npos) return "LibTorch: " + text;
  return text.substr(0, end) +
         " adds in an order of chance and has no other form: two runs of one seed may differ in "
         "the last digits from here on";
}

}  // namespace

WarningsTold::WarningsTold(std::function<void(const std::string& text)> tell)
    : tell_(std::move(tell)), before_(c10::WarningUtils::get_warning_handler()) {
  c10::WarningUtils::set_warning_handler(this);
}

WarningsTold::~WarningsTold() { c10::WarningUtils::set_warning_handler(before_); }

void WarningsTold::process(const c10::Warning& warning) {
  const auto text = reworded(warning.msg());
  if (told_.insert(text).second) tell_(text);
}

}  // namespace kith::host
