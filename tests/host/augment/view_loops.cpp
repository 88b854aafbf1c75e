// SPDX-License-Identifier: Apache-2.0
// Prints a line for each of a list of views: its name and a sum of its bytes. Built twice, with
// variants for newer processors and without; the test holds one against the other.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "augment/view_pipeline.h"
#include "small_augmentations.h"

namespace {

using kith::Draw;
using kith::host::Arithmetic;
using kith::host::AugmentationUse;
using kith::host::ResizeFilter;
using kith::host::ViewPipeline;
using kith::host::ViewScratch;
using kith::host::ViewSpec;
using kith::testing::make_small;

std::uint64_t sum_of(const std::vector<float>& values) {
  std::uint64_t sum = 14695981039346656037U;  // FNV-1a
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sum = (sum ^ bits) * 1099511628211U;
  }
  return sum;
}

void print(const char* name, const std::vector<AugmentationUse>& list, ViewSpec spec) {
  constexpr int kHeight = 83, kWidth = 131;  // no multiple of a vector
  const ViewPipeline pipeline(list, spec);
  std::vector<std::uint8_t> pixels;
  const Draw noise({.seed = 4}, "picture");
  for (int i = 0; i < kHeight * kWidth * spec.channels; ++i)
    pixels.push_back(static_cast<std::uint8_t>(noise.below_at(static_cast<std::uint64_t>(i), 256)));
  ViewScratch scratch;
  std::vector<float> out(spec.floats());
  pipeline.run({pixels.data(), kHeight, kWidth, spec.channels}, {.seed = 5}, out.data(), scratch);
  std::printf("%s arithmetic %d channels %d: %016llx\n", name, static_cast<int>(spec.arithmetic),
              spec.channels, static_cast<unsigned long long>(sum_of(out)));
}

}  // namespace

int main() {
  const AugmentationUse crop{make_small<kith::testing::Quarter>("crop"), 1},
      add{make_small<kith::testing::Add>("add"), 1},
      mean{make_small<kith::testing::InvertThenMean>("mean"), 1},
      turn{make_small<kith::testing::QuarterTurn>("turn"), 1};
  for (const Arithmetic arithmetic :
       {Arithmetic::kPillow8, Arithmetic::kFloat, Arithmetic::kTensorflow})
    for (const int channels : {1, 3})
      for (const ResizeFilter filter : {ResizeFilter::kBilinear, ResizeFilter::kBicubic}) {
        ViewSpec spec{.height = 37, .width = 37, .channels = channels};
        spec.arithmetic = arithmetic;
        spec.resize_filter = filter;
        print("smaller", {}, spec);
        print("crop, add", {crop, add}, spec);
        print("crop, add, crop", {crop, add, crop}, spec);
        print("turn, mean, add", {turn, mean, add}, spec);
        spec.height = spec.width = 150;  // more than one tile
        print("larger, add", {add, add}, spec);
      }
}
