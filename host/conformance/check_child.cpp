// SPDX-License-Identifier: Apache-2.0
#include "conformance/check_child.h"

#include <ATen/Parallel.h>
#include <stdlib.h>

#include <algorithm>
#include <kith/error.hpp>

#include "harness/values.h"
#include "plugin/child_process.h"
#include "plugin/trial_report.h"

namespace kith::conformance {
namespace {

/// Of address space: the checks are small, an endless loop that allocates is not.
constexpr std::uint64_t kMegabytes = 8192;
/// No bound in truth: a GPU's driver reserves addresses for all memory that the machine has.
constexpr std::uint64_t kMegabytesWithGpu = std::uint64_t{64} << 20;
/// Each thread takes address space; the checks need no more.
constexpr int kThreads = 2;

/// What lies beside the plugin, and in the current folder, is within reach too: an option of the
/// plugin may name another one.
void search_beside(const std::filesystem::path& file) {
  std::string path = file.parent_path().string() + ":" + std::filesystem::current_path().string();
  if (const char* more = std::getenv("KITH_PLUGIN_PATH"); more != nullptr)
    path += ":" + std::string(more);
  ::setenv("KITH_PLUGIN_PATH", path.c_str(), 1);
}

}  // namespace

CheckResult run_in_child(const Check& check, const std::filesystem::path& file,
                         const ChildSettings& settings) {
  const auto begin = std::chrono::steady_clock::now();
  const auto child = host::run_child_process(
      {settings.program, kCheckCommand, file.string(), std::string(check.name)},
      settings.time_limit);
  CheckResult result;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto records = host::read_records(child.report);
  const bool ended_well = !child.timed_out && child.signal == 0 && child.exit_code == 0;
  if (records.size() == 1 && records[0].size() >= 3) {
    const auto& record = records[0];
    result.verdict = record[0] == "passed"    ? Verdict::kPassed
                     : record[0] == "skipped" ? Verdict::kSkipped
                                              : Verdict::kFailed;
    result.figures = record[1];
    result.failures.assign(record.begin() + 3, record.end());
    if (ended_well) return result;
  }
  result.verdict = Verdict::kFailed;
  auto text = "the check's process " + host::how_it_ended(child, settings.time_limit);
  if (records.empty() || records[0].size() < 3)
    text += " before it was done";
  else
    text += " after it was done";
  if (const auto words = host::last_words(child.output); !words.empty())
    text += "; it printed: " + words;
  result.failures.push_back(text);
  return result;
}

int run_check_child(const std::string& file, const std::string& name) {
  at::set_num_threads(kThreads);
  search_beside(file);
  Findings findings;
  try {
    host::restrict_this_child(harness::device().is_cpu() ? kMegabytes : kMegabytesWithGpu);
    const Subject subject{.plugin = harness::find_plugin(file)};
    const auto checks = checks_of(subject.plugin.kind);
    const auto check = std::ranges::find_if(checks, [&](const Check& c) { return c.name == name; });
    if (check == checks.end())
      findings.fail("there is no check '" + name + "' of the kind " + subject.plugin.kind);
    else
      findings = run_check(*check, subject);
  } catch (const Error& e) {
    findings.fail(e.what());
  }
  host::TrialRecord record{!findings.passed()            ? "failed"
                           : !findings.skipped().empty() ? "skipped"
                                                         : "passed",
                           findings.skipped().empty() ? findings.figures() : findings.skipped(),
                           name};
  record.insert(record.end(), findings.failures().begin(), findings.failures().end());
  host::report_to_parent(record);
  return 0;
}

}  // namespace kith::conformance
