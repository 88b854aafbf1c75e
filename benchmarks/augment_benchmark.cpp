// SPDX-License-Identifier: Apache-2.0
//
// Time to make one view of a decoded picture, drawing included, on one core.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "moco_list.h"
#include "shipped_augmentation.h"

namespace {

using kith::testing::load_augmentation;

/// A picture with edges and noise, always the same.
std::vector<std::uint8_t> make_picture(int height, int width, int channels) {
  std::vector<std::uint8_t> pixels;
  const kith::Draw noise({.seed = 1}, "picture");
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        const auto base = static_cast<unsigned>((x / 7 + y / 5) % 2 * 120 + 40 * c);
        pixels.push_back(static_cast<std::uint8_t>(base + noise.below_at(pixels.size(), 16)));
      }
  return pixels;
}

void make_views(benchmark::State& state, const kith::host::ViewPipeline& pipeline, int height,
                int width) {
  const int channels = pipeline.spec().channels;
  const auto picture = make_picture(height, width, channels);
  const kith::host::ImageView image{picture.data(), height, width, channels};
  kith::host::ViewScratch scratch;
  std::vector<float> view(pipeline.spec().floats());
  std::uint64_t sample = 0;
  for (auto _ : state) {
    pipeline.run(image, {.seed = 1, .sample = sample++}, view.data(), scratch);
    benchmark::DoNotOptimize(view.data());
  }
  state.SetItemsProcessed(state.iterations());
}

/// The quick start's: 28 px, grey.
void fashion_view(benchmark::State& state) {
  const kith::host::ViewPipeline pipeline(
      {{load_augmentation("random_resized_crop", {{"area", {0.3, 1.0}}}), 1},
       {load_augmentation("rotation", {{"degrees", {10.0}}}), 1},
       {load_augmentation("flip"), 0.5},
       {load_augmentation("colour_jitter", {{"brightness", {0.8}}, {"contrast", {0.8}}}), 0.8},
       {load_augmentation("gamma", {{"log_gamma", {0.8}}}), 1}},
      {.height = 28, .width = 28, .channels = 1});
  make_views(state, pipeline, 28, 28);
}
BENCHMARK(fashion_view);

void cifar_view(benchmark::State& state) {
  make_views(state, {kith::benchmarks::moco_list(), {.height = 32, .width = 32, .channels = 3}}, 32,
             32);
}
BENCHMARK(cifar_view);

void imagenet_view(benchmark::State& state) {
  make_views(state, {kith::benchmarks::moco_list(), {.height = 224, .width = 224, .channels = 3}},
             375, 500);
}
BENCHMARK(imagenet_view);

}  // namespace

BENCHMARK_MAIN();
