// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace blur {
namespace {

/// A box of 2 * radius + 1 whole pixels and a share of one more at each end.
struct Box {
  std::ptrdiff_t radius;
  std::uint32_t inner, edge;        // weights in 24 fraction bits
  float inner_weight, edge_weight;  // the same without rounding
};

/// Three of these blur as a Gaussian of this sigma. Float32 arithmetic, as Pillow has it: the
/// integer weights depend on it.
inline Box box_of(double sigma) {
  const auto s = static_cast<float>(sigma);
  const float variance = s * s / 3;  // of one of three passes
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float share = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  share /= 6 * (variance - (whole + 1) * (whole + 1));
  const float radius = whole + share;
  const auto ir = static_cast<std::ptrdiff_t>(radius);
  const auto taps = static_cast<std::uint32_t>(2 * ir + 1);
  const auto inner = static_cast<std::uint32_t>(static_cast<float>(1 << 24) / (radius * 2 + 1));
  const std::uint32_t edge = ((1U << 24) - taps * inner) / 2;
  const float inner_weight = 1 / (radius * 2 + 1);
  return {ir, inner, edge, inner_weight, (1 - static_cast<float>(taps) * inner_weight) / 2};
}

/// What comes of whole levels: their sum in the box and that of the two at its ends, weighted and
/// rounded. The sum is below 2^24.
inline float level_of(float inside, float ends, std::uint32_t inner, std::uint32_t edge) {
  const auto whole_inside = static_cast<std::uint32_t>(static_cast<std::int32_t>(inside));
  const auto whole_ends = static_cast<std::uint32_t>(static_cast<std::int32_t>(ends));
  const std::uint32_t level = (whole_inside * inner + whole_ends * edge + (1U << 23)) >> 24;
  return static_cast<float>(static_cast<std::int32_t>(level));
}

}  // namespace
}  // namespace blur
