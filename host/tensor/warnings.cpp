// SPDX-License-Identifier: Apache-2.0
#include "tensor/warnings.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <cstdio>
#include <set>
#include <string>

namespace kith::host {
namespace {

/// LibTorch's text speaks of a Python function and of its own issue tracker.
std::string reworded(const std::string& text) {
  const auto end = text.find(" does not have a deterministic implementation");
  if (end == std::string::npos) return "LibTorch: " + text;
  return text.substr(0, end) +
         " adds in an order of chance and has no other form: two runs of one seed may differ in "
         "the "
         "last digits from here on";
}

class TellOnce : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    const auto text = reworded(warning.msg());
    if (told_.insert(text).second) fmt::print(stderr, "warning: {}\n", text);
  }

 private:
  std::set<std::string> told_;
};

}  // namespace

void tell_warnings_once() {
  static TellOnce handler;
  c10::WarningUtils::set_warning_handler(&handler);
}

}  // namespace kith::host
