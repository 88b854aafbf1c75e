// SPDX-License-Identifier: Apache-2.0
#include "train/extension.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <kith/error.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config_node.h"
#include "config/parse_document.h"

namespace kith::host {
namespace {

constexpr std::string_view kEpochs = "epochs=";

/// "schedule (cosine)" for each table that says how a value moves until the run's end.
void find_schedules(const ConfigNode& node, const std::string& path,
                    std::vector<std::string>& found) {
  if (const auto* kind = node.is_table() ? node.find("kind") : nullptr;
      kind != nullptr && kind->is_text() && (kind->text() == "cosine" || kind->text() == "linear"))
    found.push_back(path + " (" + kind->text() + ")");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const auto& item = node.items[i];
    const auto key = node.is_list() ? std::to_string(i) : item.key;
    if (item.is_table() || item.is_list()) find_schedules(item, join_keys(path, key), found);
  }
}

}  // namespace

Extension read_extension(const std::string& text, bool stretch_schedules) {
  Extension extension{0, stretch_schedules};
  const char* end = text.data() + text.size();
  if (text.starts_with(kEpochs)) {
    const auto [rest, error] = std::from_chars(text.data() + kEpochs.size(), end, extension.epochs);
    if (error == std::errc() && rest == end && extension.epochs > 0) return extension;
  }
  throw ConfigError(
      "resume: --extend takes epochs=N, as epochs=200: the epochs of the whole run; got '" + text +
      "'");
}

std::int64_t check_extension(const Extension& extension, const std::string& began_with) {
  const auto settings = parse_settings(began_with, "the settings in run.h5");
  const auto* train = settings.find("train");
  const auto* epochs = train == nullptr ? nullptr : train->find("epochs");
  const auto has = epochs == nullptr ? 0 : std::get<std::int64_t>(epochs->scalar);
  if (extension.epochs <= has)
    throw ConfigError(
        fmt::format("resume: --extend epochs={}: the run has {} epochs already; wanted more",
                    extension.epochs, has));
  std::vector<std::string> schedules;
  find_schedules(settings, "", schedules);
  if (schedules.empty() || extension.stretch_schedules) return has;
  throw ConfigError(fmt::format(
      "resume: --extend epochs={}: what depends on the run's end would have been another from the "
      "first step on: {}; begin a new run, or add --stretch-schedules: from here on they are those "
      "of the longer run",
      extension.epochs, fmt::join(schedules, ", ")));
}

}  // namespace kith::host
