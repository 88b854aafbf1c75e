// SPDX-License-Identifier: Apache-2.0
#include "eval/features.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "config/read_value.h"
#include "data/raw_pixels.h"
#include "plugin/nearest_name.h"

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
  FeatureChoice choice{assembly.roles[0].first, "", "features", ""};
  if (!assembly.evaluations.empty()) {
    choice = choice_of(assembly.evaluations[0].config);
    choice.head.clear();
    return choice;
  }
  for (const auto& fact : assembly.method->facts("evaluated"))
    choice = {fact.name, fact.flags, fact.value, ""};
  return choice;
}

FeatureChoice choice_of(const EvaluationConfig& config) {
  return {config.role, config.copy, config.output, config.head};
}

std::string FeatureChoice::text() const {
  return (head.empty() ? "" : "head '" + head + "' on ") + "output '" + output + "' of role '" +
         role + "'" + (copy.empty() ? "" : ", copy '" + copy + "'");
}

FeatureReader::FeatureReader(Job& job, const FeatureChoice& choice)
    : job_(job),
      what_(choice.text()),
      was_training_(job.training()),
      encoder_(job.find_role(choice.role, choice.copy)),
      output_(job.output_index(encoder_, choice.output)),
      head_(choice.head.empty() ? nullptr : job.find_head(choice.head, choice.copy)) {
  job_.set_training(false);
}

FeatureReader::~FeatureReader() { job_.set_training(was_training_); }

at::Tensor FeatureReader::read(const at::Tensor& views) {
  const at::NoGradGuard no_grad;
  auto rows = job_.call(encoder_, views.to(job_.options()), std::uint64_t{1} << output_)[output_];
  if (head_ != nullptr) rows = job_.call(head_, rows, 1)[0];
  if (rows.dim() < 2)
    throw PluginError(what_ + " must have at least two dimensions, got " + c10::str(rows.sizes()));
  return rows.flatten(1).to(at::kFloat).cpu();
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

at::Tensor bank_rows(Job& job, const Assembly& assembly, const std::string& name) {
  const auto images = assembly.train_images();
  const auto has_row_for_each = [&](const Buffer& buffer) {
    return buffer.sizes.size() > 1 && buffer.sizes[0] == images;
  };
  const auto& id = assembly.method->metadata.id;
  if (const auto* buffer = job.state().find_buffer(std::string(kOfMethod) + name)) {
    if (!has_row_for_each(*buffer))
      throw ConfigError("bank: '" + name + "' of " + id + " must have a row for each of the " +
                        std::to_string(images) + " images that are trained on, it is " +
                        c10::str(at::IntArrayRef(buffer->sizes)));
    return buffer->value.detach().flatten(1).to(at::kFloat).cpu();
  }
  std::vector<std::string> names;
  for (const auto& buffer : job.state().buffers())
    if (buffer.name.starts_with(kOfMethod) && has_row_for_each(buffer))
      names.push_back(buffer.name.substr(kOfMethod.size()));
  throw ConfigError("bank: " + id + " has no buffer '" + name +
                    "'; with a row for each image that is trained on: " +
                    (names.empty() ? "none" : quoted_list(names)) + did_you_mean(name, names));
}

at::Tensor trained_labels(const Assembly& assembly) {
  const auto labels = labels_of(*assembly.dataset, Split::kTrain);
  if (!labels.defined() || assembly.trained.empty()) return labels;
  return labels.index_select(0, at::tensor(assembly.trained, at::kLong));
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
