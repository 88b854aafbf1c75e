// SPDX-License-Identifier: Apache-2.0
#include "augment/augmented_views.h"

#include <kith/error.hpp>
#include <string>
#include <utility>

#include "config/option_arguments.h"

namespace kith::host {
namespace {

struct State : ViewMaker::ThreadState {
  ViewScratch scratch;
};

std::string place_text(const PluginUse& use) {
  return use.where.line == 0 && use.where.file.empty() ? "" : to_text(use.where);
}

}  // namespace

std::vector<AugmentationUse> make_augmentations(const std::vector<PluginUse>& list,
                                                const kith_host& host,
                                                const LoadAugmentation& load) {
  std::vector<AugmentationUse> made;
  for (const PluginUse& use : list) {
    const AugmentationPlugin plugin = load(use);
    const OptionArguments arguments(use.options);
    const std::string where = place_text(use);
    try {
      made.push_back(
          {std::make_shared<Augmentation>(host, *plugin.api, *plugin.metadata, arguments.args()),
           use.probability, where});
    } catch (const ConfigError& e) {
      throw ConfigError(where.empty() ? e.what() : e.what() + (" (" + where + ")"));
    }
  }
  return made;
}

ViewSpec view_spec(const ViewConfig& config, int channels, bool channels_last) {
  return {.height = static_cast<int>(config.size),
          .width = static_cast<int>(config.size),
          .channels = channels,
          .arithmetic = config.arithmetic,
          .channels_last = channels_last};
}

ViewSpec view_spec(const EvalViewConfig& config, int channels, bool channels_last) {
  return {.height = static_cast<int>(config.size),
          .width = static_cast<int>(config.size),
          .channels = channels,
          .arithmetic = config.arithmetic,
          .channels_last = channels_last,
          .resize = static_cast<int>(config.resize)};
}

AugmentedViews::AugmentedViews(std::vector<std::shared_ptr<const ViewPipeline>> pipelines)
    : pipelines_(std::move(pipelines)) {}

AugmentedViews AugmentedViews::for_training(const Experiment& experiment, int channels,
                                            const kith_host& host, const LoadAugmentation& load) {
  std::vector<std::shared_ptr<const ViewPipeline>> pipelines;
  for (const ViewConfig& group : experiment.views) {
    const auto pipeline = std::make_shared<const ViewPipeline>(
        make_augmentations(group.augment, host, load),
        view_spec(group, channels, experiment.train.channels_last));
    pipelines.insert(pipelines.end(), static_cast<std::size_t>(group.count), pipeline);
  }
  return AugmentedViews(std::move(pipelines));
}

AugmentedViews AugmentedViews::for_evaluation(const Experiment& experiment, int channels,
                                              const kith_host& host, const LoadAugmentation& load) {
  return AugmentedViews({std::make_shared<const ViewPipeline>(
      make_augmentations(experiment.eval_view.augment, host, load),
      view_spec(experiment.eval_view, channels, experiment.train.channels_last))});
}

std::unique_ptr<ViewMaker::ThreadState> AugmentedViews::make_thread_state() const {
  return std::make_unique<State>();
}

void AugmentedViews::make_view(const Image& image, const SampleKey& key, int view, float* slot,
                               ThreadState& state) const {
  const ImageView pixels{image.pixels.data(), image.size.height, image.size.width,
                         image.size.channels};
  const DrawKey draw{.seed = key.seed,
                     .purpose = DrawPurpose::kAugmentation,
                     .epoch = static_cast<std::uint32_t>(key.epoch),
                     .sample = static_cast<std::uint64_t>(key.index),
                     .view = static_cast<std::uint32_t>(view)};
  pipelines_.at(static_cast<std::size_t>(view))
      ->run(pixels, draw, slot, static_cast<State&>(state).scratch);
}

}  // namespace kith::host
