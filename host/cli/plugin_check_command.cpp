// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "cli/commands.h"
#include "conformance/check_child.h"
#include "model/plugin_shelf.h"
#include "train/device.h"

namespace kith::host {
namespace {

using conformance::CheckResult;
using conformance::Verdict;

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "pass";
    case Verdict::kSkipped:
      return "skip";
    default:
      return "FAIL";
  }
}

/// A line for the check, and below it what does not hold.
void print_result(std::string_view name, std::string_view what, const CheckResult& result) {
  fmt::print("  {}  {:<15} {}\n", word_of(result.verdict), name, what);
  if (!result.figures.empty())
    fmt::print("        {:<15} {} ({:.1f} s)\n", "", result.figures, result.seconds);
  for (const auto& failure : result.failures) {
    // Lines of a longer text stay together.
    std::string text = failure;
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      text.insert(at + 1, "          ");
    fmt::print("        - {}\n", text);
  }
  std::fflush(stdout);  // the next check may take long
}

/// All that needs none of the plugin's numbers: file, note, symbols, and its first load in a child.
CheckResult try_to_load(PluginRegistry& registry, const PluginRecord& record) {
  const auto begin = std::chrono::steady_clock::now();
  CheckResult result;
  result.verdict = Verdict::kPassed;
  try {
    registry.check({&record});
    result.figures = fmt::format("{} bytes, {} operators, {} libraries", record.size,
                                 record.metadata.operators.size(), record.needed_libraries.size());
  } catch (const PluginError& e) {
    result.verdict = Verdict::kFailed;
    result.failures.emplace_back(e.what());
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace

int plugin_check_command(const PluginArguments& arguments) {
  // Here, so that what is missing is said once; each check opens it in a process of its own.
  const std::string device = open_device(arguments.device).is_cpu() ? "cpu" : "cuda";
  ::setenv("KITH_DEVICE", device.c_str(), 1);
  const PluginShelf shelf(std::filesystem::current_path(), true);
  const auto& record = shelf.registry().find_of_any_kind(arguments.name);
  const auto& m = record.metadata;
  fmt::print("{} {}, {} {}, on {}\n", m.id, m.version, m.kind, record.path.string(), device);
  int passed = 0, failed = 0, skipped = 0;
  const auto count = [&](const CheckResult& result) {
    (result.verdict == Verdict::kPassed   ? passed
     : result.verdict == Verdict::kFailed ? failed
                                          : skipped)++;
  };
  const auto trial = try_to_load(shelf.registry(), record);
  print_result("load", "this host accepts it, and it survives its first load", trial);
  count(trial);
  if (failed == 0) {
    for (const auto& check : conformance::checks_of(m.kind)) {
      const auto result = conformance::run_in_child(check, record.path);
      print_result(check.name, check.what, result);
      count(result);
    }
  }
  fmt::print("{}: {} passed, {} failed, {} skipped\n", m.name, passed, failed, skipped);
  return failed == 0 ? kExitOk : kExitError;
}

}  // namespace kith::host
