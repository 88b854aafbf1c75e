// SPDX-License-Identifier: Apache-2.0
#include "plugin/trial.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include "digest/sha256.h"
#include "plugin/build_id.h"
#include "plugin/child_process.h"
#include "plugin/trial_report.h"

namespace kith::host {
namespace fs = std::filesystem;
namespace {

/// The file that exists if this plugin passed here before.
fs::path pass_file(const TrialCandidate& candidate, const std::string& libtorch_version,
                   const TrialSettings& settings) {
  const std::string key = candidate.file->sha256 + "\n" + host_build_id() + "\n" + libtorch_version;
  return settings.cache_folder / sha256_hex(std::as_bytes(std::span(key)));
}

void remember_pass(const TrialCandidate& candidate, const std::string& libtorch_version,
                   const TrialSettings& settings) {
  if (settings.cache_folder.empty()) return;
  // A folder that cannot be written costs a trial in each process and nothing else.
  std::error_code error;
  fs::create_directories(settings.cache_folder, error);
  const fs::path file = pass_file(candidate, libtorch_version, settings);
  const fs::path aside = file.string() + "." + std::to_string(::getpid());
  std::ofstream(aside) << candidate.metadata->id << ' ' << candidate.metadata->version << ' '
                       << candidate.file->sha256 << '\n';
  fs::rename(aside, file, error);
}

bool passed_before(const TrialCandidate& candidate, const std::string& libtorch_version,
                   const TrialSettings& settings) {
  std::error_code error;
  return !settings.cache_folder.empty() &&
         fs::is_regular_file(pass_file(candidate, libtorch_version, settings), error);
}

Refusal crashed(const TrialCandidate& candidate, const ChildResult& child,
                const TrialSettings& settings) {
  std::string has = candidate.file->path.string();
  if (const std::string words = last_words(child.output); !words.empty())
    has += "; it printed: " + words;
  return {RefusalCode::kTrialFailed,
          "'" + candidate.metadata->id + "' " + candidate.metadata->version + " " +
              how_it_ended(child, settings.time_limit) + " when it was loaded for the first time",
          has, "tries a new plugin in a process of its own first; this one is unharmed",
          "keep work out of static initialisers; then build the plugin again"};
}

/// One child's word on some candidates: passed, refused, or nothing.
struct Verdicts {
  std::map<const PluginFile*, std::optional<Refusal>> of;  // no refusal: passed
  ChildResult child;
};

Verdicts run_child(const std::vector<TrialCandidate>& candidates, const TrialSettings& settings) {
  std::vector<std::string> command{settings.program, kTrialCommand};
  for (const TrialCandidate& candidate : candidates)
    command.push_back(candidate.file->sha256 + ":" + fs::absolute(candidate.file->path).string());
  Verdicts out;
  out.child = run_child_process(command, settings.time_limit);
  for (const TrialRecord& record : read_records(out.child.report)) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const PluginFile& file = *candidates[i].file;
      // The child reads the file again, and has a word on these bytes alone.
      if (record.size() < 3 || record[2] + ":" + record[1] != command[i + 2]) continue;
      if (record[0] == "passed")
        out.of[&file] = std::nullopt;
      else if (record[0] == "refused" && record.size() == 8)
        out.of[&file] = Refusal{static_cast<RefusalCode>(std::atoi(record[3].c_str())), record[4],
                                record[5], record[6], record[7]};
    }
  }
  return out;
}

/// A child that opened a plugin must also end well: its static destructors run then.
bool ended_well(const Verdicts& verdicts) {
  return !verdicts.child.timed_out && verdicts.child.signal == 0 && verdicts.child.exit_code == 0;
}

std::optional<Refusal> try_alone(const TrialCandidate& candidate, const TrialSettings& settings) {
  const Verdicts verdicts = run_child({candidate}, settings);
  const auto found = verdicts.of.find(candidate.file);
  if (found != verdicts.of.end() && found->second) return found->second;
  if (found != verdicts.of.end() && ended_well(verdicts)) return std::nullopt;
  return crashed(candidate, verdicts.child, settings);
}

}  // namespace

fs::path default_trial_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return fs::path(cache) / "kith" / "trials";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / "kith" / "trials";
  return {};
}

std::vector<Refusal> try_plugins(const std::vector<TrialCandidate>& candidates,
                                 const std::string& libtorch_version,
                                 const TrialSettings& settings) {
  std::vector<TrialCandidate> fresh;
  for (const TrialCandidate& candidate : candidates)
    if (settings.again || !passed_before(candidate, libtorch_version, settings))
      fresh.push_back(candidate);
  if (fresh.empty()) return {};
  std::vector<Refusal> refusals;
  const auto settle = [&](const TrialCandidate& candidate, const std::optional<Refusal>& refusal) {
    if (refusal)
      refusals.push_back(*refusal);
    else
      remember_pass(candidate, libtorch_version, settings);
  };
  if (fresh.size() > 1) {
    const Verdicts together = run_child(fresh, settings);
    if (ended_well(together) && together.of.size() == fresh.size()) {
      for (const TrialCandidate& candidate : fresh)
        settle(candidate, together.of.at(candidate.file));
      return refusals;
    }
  }
  for (const TrialCandidate& candidate : fresh) settle(candidate, try_alone(candidate, settings));
  return refusals;
}

}  // namespace kith::host
