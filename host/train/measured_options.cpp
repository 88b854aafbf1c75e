// SPDX-License-Identifier: Apache-2.0
#include "train/measured_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <kith/error.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "data/channel_statistics.h"
#include "train/threads.h"

namespace kith::host {
namespace {

class Filler {
 public:
  Filler(const Dataset& dataset, int threads) : dataset_(dataset), threads_(threads) {}

  void fill(PluginUse& plugin) {
    for (auto& option : plugin.options) {
      if (!option.measured.empty()) fill(option, plugin.id);
      if (!option.plugin) continue;
      PluginUse inner = *option.plugin;
      fill(inner);
      option.plugin = std::make_shared<const PluginUse>(std::move(inner));
    }
  }

  std::string text() const {
    if (!statistics_) return "";
    return fmt::format("data: measured on the {} images of train: mean [{:.4f}], std [{:.4f}]",
                       dataset_.size(Split::kTrain), fmt::join(statistics_->mean, ", "),
                       fmt::join(statistics_->std, ", "));
  }

 private:
  void fill(OptionValue& option, const std::string& id) {
    const bool mean = option.measured == "channel_mean";
    if (!mean && option.measured != "channel_std")
      throw ConfigError(id + ": wants '" + option.measured + "' of train for its option '" +
                        option.name + "', and this host measures channel_mean and channel_std");
    if (!statistics_) statistics_ = channel_statistics(dataset_, Split::kTrain, threads_);
    const auto& values = mean ? statistics_->mean : statistics_->std;
    for (std::size_t c = 0; c < values.size(); ++c)
      if (!(values[c] >= option.measured_min && values[c] <= option.measured_max))
        throw ConfigError(
            fmt::format("{}: {} must be in [{}, {}], and channel {} of train's images has {}; "
                        "write mean and std "
                        "out instead of measuring them",
                        id, option.name, option.measured_min, option.measured_max, c, values[c]));
    option.values.assign(values.begin(), values.end());
    option.measured.clear();
  }

  const Dataset& dataset_;
  int threads_;
  std::optional<ChannelStatistics> statistics_;
};

}  // namespace

std::string measure_options(Experiment& experiment, const Dataset& dataset) {
  Filler filler(dataset, startup_threads(experiment.train));
  for_each_plugin(experiment, [&](PluginUse& plugin) { filler.fill(plugin); });
  return filler.text();
}

}  // namespace kith::host
