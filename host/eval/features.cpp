// SPDX-License-Identifier: Apache-2.0
#include "eval/features.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "data/raw_pixels.h"

namespace kith::host {
namespace {

constexpr std::int64_t kBatch = 256;

/// The evaluation view of consecutive images, [n, C, H, W]. A pure function of the images: nothing
/// is drawn but what the experiment's eval_view draws, keyed by the sample.
at::Tensor evaluation_views(const Assembly& assembly, Split split, std::int64_t first,
                            std::span<const Image> images, std::vector<float>& memory) {
  const auto& spec = assembly.eval_view->spec();
  const auto n = static_cast<std::int64_t>(images.size());
  memory.resize(static_cast<std::size_t>(n) * spec.floats());
  at::parallel_for(0, n, 8, [&](std::int64_t begin, std::int64_t end) {
    ViewScratch scratch;
    for (auto i = begin; i < end; ++i) {
      const auto& image = images[static_cast<std::size_t>(i)];
      DrawKey key;
      key.seed = assembly.experiment().seed;
      key.sample = static_cast<std::uint64_t>(first + i);
      key.view = 0x8000U + static_cast<std::uint32_t>(split);  // apart from the training views
      assembly.eval_view->run(as_source(image), key,
                              memory.data() + static_cast<std::size_t>(i) * spec.floats(), scratch);
    }
  });
  return as_views(memory.data(), n, spec);
}

}  // namespace

FeatureChoice evaluated_features(const Assembly& assembly) {
  if (!assembly.evaluations.empty()) {
    const auto& config = assembly.evaluations[0].config;
    return {config.role, config.copy, config.output};
  }
  FeatureChoice choice{assembly.roles[0].first, "", "features"};
  for (const auto& fact : assembly.method->facts("evaluated"))
    choice = {fact.name, fact.flags, fact.value};
  return choice;
}

FeatureReader::FeatureReader(Job& job, const FeatureChoice& choice)
    : job_(job),
      was_training_(job.training()),
      encoder_(job.find_role(choice.role, choice.copy)),
      output_(job.output_index(encoder_, choice.output)) {
  job_.set_training(false);
}

FeatureReader::~FeatureReader() { job_.set_training(was_training_); }

at::Tensor FeatureReader::read(const at::Tensor& views) {
  const at::NoGradGuard no_grad;
  const auto outputs = job_.call(encoder_, views.to(job_.options()), std::uint64_t{1} << output_);
  return outputs[output_].flatten(1).to(at::kFloat).cpu();
}

at::Tensor encode_split(Job& job, const Assembly& assembly, const FeatureChoice& choice,
                        Split split, int threads) {
  FeatureReader reader(job, choice);
  at::Tensor features;
  std::vector<float> memory;
  const auto total = assembly.dataset->size(split);
  for_each_image(*assembly.dataset, split, kBatch, threads,
                 [&](std::int64_t first, std::span<const Image> images) {
                   const auto out =
                       reader.read(evaluation_views(assembly, split, first, images, memory));
                   if (!features.defined()) features = at::empty({total, out.size(1)}, at::kFloat);
                   features.narrow(0, first, out.size(0)).copy_(out);
                 });
  if (!features.defined())
    throw DataError("evaluation: the split '" + std::string(split_name(split)) + "' is empty");
  return features;
}

at::Tensor labels_of(const Dataset& dataset, Split split) {
  if (!dataset.has_labels()) return {};
  return at::tensor(dataset.labels(split), at::kLong);
}

at::Tensor pixels_of(const Dataset& dataset, Split split, int max_side, int threads) {
  auto pixels = raw_pixels(dataset, split, max_side, threads);
  return at::from_blob(pixels.values.data(), {pixels.rows, pixels.columns}, at::kFloat).clone();
}

}  // namespace kith::host
