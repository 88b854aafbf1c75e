// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugin/metadata.h"
#include "plugin/plugin_file.h"
#include "plugin/refusal.h"

namespace kith::host {

/// The command word with which this program runs a trial: `kith plugin-trial SHA256:FILE...`.
inline constexpr const char* kTrialCommand = "plugin-trial";

/// How first-time trials are run.
struct TrialSettings {
  /// Tries plugins that passed before as well.
  bool again = false;
  /// The program to start; its main must hand `plugin-trial SHA256:FILE...` to run_trial().
  std::string program = "/proc/self/exe";
  std::chrono::milliseconds time_limit{30000};  ///< of one child
  /// Where passed trials are remembered; empty: nowhere, each process tries again. See
  /// default_trial_cache().
  std::filesystem::path cache_folder;
};

/// $XDG_CACHE_HOME/kith/trials or ~/.cache/kith/trials; empty if the environment names neither.
std::filesystem::path default_trial_cache();

/// A plugin that passed all checks that run none of its code.
struct TrialCandidate {
  const PluginFile* file;
  const PluginMetadata* metadata;
};

/// Opens plugins that were never opened here before in a child process, so that one which throws,
/// crashes, ends the process or never returns while it is loaded takes no more than the child with
/// it. One child tries all; if that fails, each that it did not pass gets one of its own. A pass is
/// remembered by the file's SHA-256, this program's build and LibTorch's version.
///
/// @returns  refusals (kTrialFailed, or what the child found), in the order of the candidates;
/// empty if all passed.
/// @throws kith::Error  if no child can be started.
std::vector<Refusal> try_plugins(const std::vector<TrialCandidate>& candidates,
                                 const std::string& libtorch_version,
                                 const TrialSettings& settings);

/// The child's side: opens each file in turn, if it has the SHA-256 that was checked, and reports
/// on descriptor 3, or on standard output if that is not open.
///
/// @returns  the exit code for main: 0 if all files could be opened.
int run_trial(std::span<const std::string> files, const kith_host* host);

}  // namespace kith::host
