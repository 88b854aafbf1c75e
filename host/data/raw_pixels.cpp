// SPDX-License-Identifier: Apache-2.0
#include "data/raw_pixels.h"

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <string>

#include "data/parallel.h"

namespace kith::host {
namespace {

/// Weights of the input pixels [first, first + weights.size()) in one output pixel.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

/// Triangle filter of half-width max(scale, 1) around each output pixel's centre, as Pillow has it.
std::vector<Taps> make_taps(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double support = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(out));
  for (int x = 0; x < out; ++x) {
    const double centre = (x + 0.5) * scale;
    Taps& taps = all[static_cast<std::size_t>(x)];
    taps.first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int end = std::min(in, static_cast<int>(centre + support + 0.5));
    double sum = 0;
    std::vector<double> weights;
    for (int i = taps.first; i < end; ++i) {
      weights.push_back(std::max(0.0, 1 - std::abs((i + 0.5 - centre) / support)));
      sum += weights.back();
    }
    for (const double w : weights) taps.weights.push_back(static_cast<float>(w / sum));
  }
  return all;
}

/// Scales one axis: `in` is [outer, taps' inputs, inner], `out` is [outer, taps.size(), inner].
void scale_axis(const std::vector<float>& in, std::size_t outer, std::size_t in_extent,
                std::size_t inner, const std::vector<Taps>& taps, std::vector<float>& out) {
  out.assign(outer * taps.size() * inner, 0.0F);
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t x = 0; x < taps.size(); ++x) {
      float* target = out.data() + (o * taps.size() + x) * inner;
      for (std::size_t t = 0; t < taps[x].weights.size(); ++t) {
        const std::size_t at = o * in_extent + static_cast<std::size_t>(taps[x].first) + t;
        for (std::size_t i = 0; i < inner; ++i) {
          target[i] += taps[x].weights[t] * in[at * inner + i];
        }
      }
    }
  }
}

/// Writes the image, scaled to `size`, to `out` as floats in [0, 1].
void scale_image(const Image& image, const ImageSize& size, float* out) {
  const auto to_unit = [](auto level) { return static_cast<float>(level) / 255.0F; };
  if (image.size == size) {
    std::transform(image.pixels.begin(), image.pixels.end(), out, to_unit);
    return;
  }
  const auto in_height = static_cast<std::size_t>(image.size.height);
  const auto in_width = static_cast<std::size_t>(image.size.width);
  const auto width = static_cast<std::size_t>(size.width);
  const auto channels = static_cast<std::size_t>(size.channels);
  const std::vector<float> levels(image.pixels.begin(), image.pixels.end());
  std::vector<float> narrow, small;
  scale_axis(levels, in_height, in_width, channels, make_taps(image.size.width, size.width),
             narrow);
  scale_axis(narrow, 1, in_height, width * channels, make_taps(image.size.height, size.height),
             small);
  std::transform(small.begin(), small.end(), out, to_unit);
}

}  // namespace

ImageSize raw_pixel_size(const Dataset& dataset, int max_side) {
  if (max_side < 1) {
    throw ConfigError("raw pixels: max_side must be at least 1, got " + std::to_string(max_side));
  }
  const ImageSize size = dataset.image_size(Split::kTrain, 0);
  for (std::int64_t i = 1; i < dataset.size(Split::kTrain); ++i) {
    if (dataset.image_size(Split::kTrain, i) == size) continue;
    return {max_side, max_side, size.channels};
  }
  const int longer = std::max(size.height, size.width);
  if (longer <= max_side) return size;
  const auto scaled = [&](int side) {
    return std::max(1,
                    static_cast<int>(std::lround(static_cast<double>(side) * max_side / longer)));
  };
  return {scaled(size.height), scaled(size.width), size.channels};
}

RawPixels raw_pixels(const Dataset& dataset, Split split, int max_side, int threads) {
  RawPixels result;
  result.size = raw_pixel_size(dataset, max_side);
  result.rows = dataset.size(split);
  result.columns = static_cast<std::int64_t>(result.size.bytes());
  result.values.resize(static_cast<std::size_t>(result.rows) * result.size.bytes());
  parallel_for(result.rows, threads, [&](std::int64_t i) {
    thread_local Image image;
    dataset.decode(split, i, image);
    scale_image(image, result.size,
                result.values.data() + static_cast<std::size_t>(i) * result.size.bytes());
  });
  return result;
}

}  // namespace kith::host
