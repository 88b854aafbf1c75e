// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "augment/view_pipeline.h"
#include "config/load_experiment.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "model/job.h"
#include "model/plugin_shelf.h"

namespace kith::host {

/// An evaluation of the experiment, with its plugin loaded.
struct EvaluationPart {
  EvaluationConfig config;
  PluginObjectPtr plugin;
  /// Where the plugin wants views of val images: how many, of how many images, how they are made;
  /// for the rows of raw pixels without what comes after the pixels (normalise).
  int views = 0;
  std::int64_t view_images = 0;
  std::shared_ptr<const ViewPipeline> view, pixel_view;

  bool needs_labels() const { return plugin->has_fact("needs", "labels"); }
};

/// Everything that an experiment names, found, checked, loaded and held against each other. [main
/// thread]
struct Assembly {
  ResolvedExperiment resolved;
  std::string resolved_toml;
  std::unique_ptr<Dataset> dataset;
  /// Images of train that are trained on (data.train_images), rising; empty: all of them.
  std::vector<std::int64_t> trained;
  std::string measured;  ///< what was measured on train for options of plugins, for a person
  std::vector<std::pair<std::string, PluginObjectPtr>> roles;
  PluginObjectPtr method;
  /// By view (a group of `count` views has its pipeline `count` times).
  std::vector<std::shared_ptr<const ViewPipeline>> views;
  std::shared_ptr<const ViewPipeline> eval_view;
  std::vector<EvaluationPart> evaluations;

  const Experiment& experiment() const { return resolved.experiment; }
  /// How many images are trained on.
  std::int64_t train_images() const {
    return trained.empty() ? dataset->size(Split::kTrain)
                           : static_cast<std::int64_t>(trained.size());
  }
  /// Positions of images of train among those that are trained on, in [0, train_images()): what
  /// a method is given, and the rows of its memory bank.
  std::vector<std::int64_t> positions(std::vector<std::int64_t> indices) const;
  /// Which images these are, by names and labels, and which of them are trained on: the same where
  /// the data set was moved.
  std::string data_identity() const;
  /// Whether the run reads anything of the split: there is one, and the experiment wants it.
  bool reads(Split split) const {
    return dataset->size(split) > 0 && (split != Split::kTest || experiment().data.read_test);
  }
  std::int64_t steps_per_epoch() const { return train_images() / experiment().train.batch_size; }
};

/// @throws ConfigError, PluginError, DataError: what does not fit, before anything is trained.
Assembly assemble(ResolvedExperiment resolved, PluginShelf& shelf);

/// What the evaluation asks for and this data can't give (labels, a val split); empty if it can.
std::string lacks(const Assembly& assembly, const EvaluationPart& part);

/// What is not there, for a person: files of the data set that may lack, images that do not decode
/// and are left out, evaluations that ask for what this data can't give.
std::vector<std::string> left_out(const Assembly& assembly);

/// A job with the experiment's encoders and its method.
std::unique_ptr<Job> make_job(const Assembly& assembly, at::Device device,
                              bool shapes_only = false);

/// Turns images into the training views of an assembly.
class AssemblyViews : public ViewMaker {
 public:
  AssemblyViews(const Assembly& assembly, std::uint64_t seed) : assembly_(assembly), seed_(seed) {}
  std::unique_ptr<ThreadState> make_thread_state() const override;
  ImagePart part(const ImageSize& size, const SampleKey& key, int view,
                 ThreadState& state) const override;
  void make_view(const Image& image, const SampleKey& key, int view, float* slot,
                 ThreadState& state) const override;
  std::vector<std::size_t> view_floats() const;

 private:
  DrawKey draw_key(const SampleKey& key, int view) const;

  const Assembly& assembly_;
  std::uint64_t seed_;
};

/// An image as a pipeline of views takes it; it shares the memory.
ImageView as_source(const Image& image);

/// Floats of views as a tensor [N, C, H, W] that shares the memory.
at::Tensor as_views(float* floats, std::int64_t n, const ViewSpec& spec);

}  // namespace kith::host
