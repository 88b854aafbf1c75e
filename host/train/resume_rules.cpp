// SPDX-License-Identifier: Apache-2.0
#include "train/resume_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <kith/error.hpp>
#include <string_view>
#include <utility>

#include "config/changed_settings.h"
#include "config/config_node.h"
#include "config/overrides.h"
#include "config/parse_document.h"

namespace kith::host {
namespace {

constexpr std::string_view kLoaderThreads = "train.loader_threads";
constexpr std::array<std::string_view, 6> kMayChange = {"data.path",     "data.train_path",
                                                        "data.val_path", "data.test_path",
                                                        kLoaderThreads,  "guards.fatal"};

bool may_change(const std::string& key) {
  return std::find(kMayChange.begin(), kMayChange.end(), key) != kMayChange.end();
}

/// "train.epochs" of "train.epochs=3"; what is not of that form as it is.
std::string key_of(const std::string& override_text) {
  const auto keys = override_keys(override_text);
  if (!keys) return override_text;
  std::string key;
  for (const auto& part : *keys) key = join_keys(key, part);
  return key;
}

}  // namespace

void check_resume_overrides(const std::vector<std::string>& overrides) {
  for (const auto& text : overrides) {
    const std::string key = key_of(text);
    if (may_change(key)) continue;
    throw ConfigError(fmt::format(
        "resume: --set {}: a run goes on with the settings that it began with{}; only data.path "
        "(train_path, val_path, test_path), train.loader_threads and guards.fatal may change, and "
        "the end (--extend epochs=N). For another setting begin a new run",
        key,
        key == "train.tensor_threads" ? " (another count of threads gives other numbers)" : ""));
  }
}

void check_resume_settings(const std::string& began_with, const std::string& now,
                           const std::filesystem::path& file, bool extended) {
  std::string lines;
  for (const auto& change : changed_settings(parse_settings(began_with, "the settings in run.h5"),
                                             parse_settings(now, file.string())))
    if (!may_change(change.key) && !(extended && change.key == "train.epochs"))
      lines += fmt::format("\n  {}: {}, now {}", change.key, change.before, change.after);
  if (!lines.empty())
    throw ConfigError(fmt::format(
        "resume: '{}' has other settings than those that the run began with, which run.h5 "
        "keeps:{}\nput them back, or begin a new run",
        file.string(), lines));
}

void check_extendable(const RunFolder& folder, const std::optional<Checkpoint>& newest,
                      std::int64_t finished_epochs) {
  const auto above = folder.path().parent_path();
  if (above.filename() == "cells" && std::filesystem::exists(above.parent_path() / "sweep.toml"))
    throw DataError(
        fmt::format("resume: --extend: the run is one of the sweep in '{}', whose table would have "
                    "a longer run under its old settings; copy its folder elsewhere",
                    above.parent_path().string()));
  if (!newest)
    throw DataError(fmt::format("resume: --extend: no checkpoint to go on from in '{}'",
                                folder.checkpoints().string()));
  if (finished_epochs > 0 && newest->epoch != finished_epochs)
    throw DataError(fmt::format(
        "resume: --extend: the run ended after {} epochs, and the newest checkpoint in '{}' is of "
        "epoch {}; put the last one back",
        finished_epochs, folder.checkpoints().string(), newest->epoch));
}

void check_resume_plugins(const std::string& began_with, const std::string& now) {
  if (began_with == now) return;
  throw PluginError(fmt::format(
      "resume: the run began with other plugin files than those that are found now; it began "
      "with\n{}and now there are\n{}put the old files back, or begin a new run",
      began_with, now));
}

void check_resume_data(const std::string& began_with, const std::string& now,
                       const std::filesystem::path& data) {
  if (began_with == now) return;
  throw DataError(fmt::format(
      "resume: the images of train and val in '{}' are not those that the run began with (their "
      "names or labels differ); give the data set's place with --set data.path=FOLDER, or begin a "
      "new run",
      data.string()));
}

Threads resume_threads(const TrainConfig& train, const std::vector<std::string>& overrides,
                       std::int64_t cores, std::string& warning) {
  const auto tensor = train.tensor_threads.value_or(cores);
  const auto left = std::max<std::int64_t>(0, cores - tensor);
  const auto loader = train.loader_threads.value_or(left);
  const bool set = std::any_of(overrides.begin(), overrides.end(),
                               [](const auto& text) { return key_of(text) == kLoaderThreads; });
  if (loader > left && set)
    throw ConfigError(
        fmt::format("resume: --set {}: of {} cores the run's {} tensor threads leave {}, got {}",
                    kLoaderThreads, cores, tensor, left, loader));
  if (tensor > cores)
    warning = fmt::format(
        "the run began with {} tensor threads and goes on with as many on {} cores, slower: "
        "another count would give other numbers",
        tensor, cores);
  else if (loader > left)
    warning = fmt::format(
        "the run began with {} loader threads and goes on with {}: of {} cores "
        "its {} tensor threads leave no more",
        loader, left, cores, tensor);
  return {tensor, std::min(loader, left)};
}

}  // namespace kith::host
