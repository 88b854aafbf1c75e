// SPDX-License-Identifier: Apache-2.0
//
// Time to make one view of a decoded picture, drawing included, on one core:
//
//   augment_benchmark [--benchmark_...]
//   augment_benchmark views              64 views of each size, for comparison (print_view.h)
//   augment_benchmark pictures           the levels of the pictures that views are made of
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "print_view.h"
#include "shipped_augmentation.h"
#include "simclr_list.h"

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

kith::host::ViewPipeline simclr_view(int side) {
  return {kith::benchmarks::simclr_list(), {.height = side, .width = side, .channels = 3}};
}

void cifar_view(benchmark::State& state) { make_views(state, simclr_view(32), 32, 32); }
BENCHMARK(cifar_view);

void imagenet_view(benchmark::State& state) { make_views(state, simclr_view(224), 375, 500); }
BENCHMARK(imagenet_view);

void print_views(const std::string& name, int side, int height, int width) {
  const auto pipeline = simclr_view(side);
  const auto picture = make_picture(height, width, 3);
  kith::host::ViewScratch scratch;
  for (std::uint64_t sample = 0; sample < 64; ++sample)
    kith::benchmarks::print_view(name, pipeline, {picture.data(), height, width, 3},
                                 pipeline.draw(height, width, {.seed = 1, .sample = sample}),
                                 scratch);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "views") {
    print_views("cifar_view", 32, 32, 32);
    print_views("imagenet_view", 224, 375, 500);
    return 0;
  }
  if (argc > 1 && std::string(argv[1]) == "pictures") {
    for (const auto& picture :
         {make_picture(28, 28, 1), make_picture(32, 32, 3), make_picture(375, 500, 3)})
      std::fwrite(picture.data(), 1, picture.size(), stdout);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
