// SPDX-License-Identifier: Apache-2.0
#include "eval/held_out_views.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/file_bytes.h"
#include "data/parallel.h"

namespace kith::host {
namespace {

constexpr std::int64_t kBatch = 256;
constexpr std::uint32_t kFirstView = 0x4000;  // apart from the views of training and evaluation

/// Those whose name's hash is smallest, in its order: val may be sorted by class.
std::vector<std::int64_t> chosen_images(const Dataset& dataset, std::int64_t count) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> by_hash;
  for (std::int64_t i = 0; i < dataset.size(Split::kVal); ++i)
    by_hash.emplace_back(sha256_prefix(dataset.name(Split::kVal, i)), i);
  std::sort(by_hash.begin(), by_hash.end());
  by_hash.resize(std::min(by_hash.size(), static_cast<std::size_t>(count)));
  std::vector<std::int64_t> chosen;
  for (const auto& [hash, image] : by_hash) chosen.push_back(image);
  return chosen;
}

}  // namespace

HeldOutViews::HeldOutViews(const Assembly& assembly, const EvaluationPart& part, int threads)
    : assembly_(assembly),
      part_(part),
      threads_(threads),
      images_(chosen_images(*assembly.dataset, part.view_images)) {}

std::vector<at::Tensor> HeldOutViews::each_view(const ViewPipeline& pipeline,
                                                const Turn& turn) const {
  const auto& spec = pipeline.spec();
  const auto total = static_cast<std::int64_t>(images_.size());
  std::vector<at::Tensor> views;
  std::vector<float> memory(static_cast<std::size_t>(std::min(kBatch, total)) * spec.floats());
  for (int view = 0; view < part_.views; ++view) {
    std::vector<at::Tensor> parts;
    for (std::int64_t first = 0; first < total; first += kBatch) {
      const auto n = std::min(kBatch, total - first);
      parallel_for(n, threads_, [&](std::int64_t i) {
        thread_local ViewScratch scratch;
        thread_local Image image;
        assembly_.dataset->decode(Split::kVal, images_[static_cast<std::size_t>(first + i)], image);
        DrawKey key;
        key.sample = static_cast<std::uint64_t>(first + i);
        key.view = kFirstView + static_cast<std::uint32_t>(view);
        pipeline.run(as_source(image), key,
                     memory.data() + static_cast<std::size_t>(i) * spec.floats(), scratch);
      });
      // A copy: what an encoder gives back may be its input, whose memory the next batch takes.
      parts.push_back(turn(as_views(memory.data(), n, spec)).clone());
    }
    views.push_back(at::cat(parts));
  }
  return views;
}

std::vector<at::Tensor> HeldOutViews::features(FeatureReader& reader) const {
  return each_view(*part_.view, [&](const at::Tensor& views) { return reader.read(views); });
}

std::vector<at::Tensor> HeldOutViews::pixels(std::int64_t max_side) const {
  return each_view(*part_.pixel_view, [&](const at::Tensor& views) {
    const bool large = views.size(2) > max_side;
    return (large ? at::adaptive_avg_pool2d(views, {max_side, max_side}) : views).flatten(1);
  });
}

}  // namespace kith::host
