// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "augment/view_pipeline.h"
#include "config/experiment.h"
#include "data/loader.h"

namespace kith::host {

/// A loaded plugin of the kind "augmentation".
struct AugmentationPlugin {
  const PluginMetadata* metadata = nullptr;
  const kith_augmentation_api* api = nullptr;
};
/// Loads the plugin that an experiment names.
using LoadAugmentation = std::function<AugmentationPlugin(const PluginUse&)>;

/// The augmentations of a list, each with its options.
/// @throws ConfigError  with the place in the experiment, if a plugin refuses its options
std::vector<AugmentationUse> make_augmentations(const std::vector<PluginUse>& list,
                                                const kith_host& host,
                                                const LoadAugmentation& load);

/// What the views of an experiment are, for images of so many channels.
ViewSpec view_spec(const ViewConfig& config, int channels, bool channels_last);
ViewSpec view_spec(const EvalViewConfig& config, int channels, bool channels_last);

/// Makes all views of a sample: view i by the i-th pipeline, with numbers keyed by seed, epoch,
/// sample and i. A sample's views in an epoch do not depend on the step, the batch or the thread.
class AugmentedViews : public ViewMaker {
 public:
  /// One pipeline for each view, in order; views of a group share theirs.
  explicit AugmentedViews(std::vector<std::shared_ptr<const ViewPipeline>> pipelines);

  /// The views of an experiment, for training.
  /// @throws ConfigError  all that is wrong, one problem a line
  static AugmentedViews for_training(const Experiment& experiment, int channels,
                                     const kith_host& host, const LoadAugmentation& load);
  /// The one view that evaluation looks at.
  static AugmentedViews for_evaluation(const Experiment& experiment, int channels,
                                       const kith_host& host, const LoadAugmentation& load);

  std::size_t views() const { return pipelines_.size(); }
  const ViewPipeline& pipeline(std::size_t view) const { return *pipelines_.at(view); }

  std::unique_ptr<ThreadState> make_thread_state() const override;
  void make_view(const Image& image, const SampleKey& key, int view, float* slot,
                 ThreadState& state) const override;

 private:
  std::vector<std::shared_ptr<const ViewPipeline>> pipelines_;
};

}  // namespace kith::host
