// SPDX-License-Identifier: Apache-2.0
//
// The operations of colour jitter as TensorFlow's tf.image has them, each clipped to [0, 1] behind
// it as in SimCLR's released code (google-research/simclr, data_util.py). A bicubic overshoot may
// come in.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <kith/augmentation.hpp>

#include "colour_operations.h"

namespace colour {
namespace {

/// Not 0, so that a quotient of grey pixels stays finite; their numerator is 0.
constexpr float kLeastChroma = 1e-30F;

inline float clipped_to_unit(float v) {
  v = v > 0.0F ? v : 0.0F;
  return v < 1.0F ? v : 1.0F;
}

KITH_CPU_VARIANTS void add_values(float* v, std::size_t size, float amount) {
  for (std::size_t i = 0; i < size; ++i) v[i] = clipped_to_unit(v[i] + amount);
}

/// Clipped, then truncated, as the other operations on levels.
KITH_CPU_VARIANTS void add_levels(float* v, std::size_t size, float amount) {
  for (std::size_t i = 0; i < size; ++i) v[i] = to_level(v[i] + amount);
}

/// S <- min(factor S, 1) in HSV. Hue and the largest channel V stay, so each channel c keeps its
/// share of the distance to V: c <- V - (V - c) S' / S, and S'/S = min(factor, V / chroma).
KITH_CPU_VARIANTS void scale_saturation_values(float* red, float* green, float* blue,
                                               std::size_t size, float factor) {
  for (std::size_t i = 0; i < size; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float v = std::max({r, g, b}), chroma = v - std::min({r, g, b});
    const float most = v / std::max(chroma, kLeastChroma);
    const float ratio = factor < most ? factor : most;
    red[i] = clipped_to_unit(v - (v - r) * ratio);
    green[i] = clipped_to_unit(v - (v - g) * ratio);
    blue[i] = clipped_to_unit(v - (v - b) * ratio);
  }
}

/// a where the condition holds, else b, by bits: a choice that g++ never makes a branch, which
/// would keep a loop scalar.
inline float pick(bool condition, float a, float b) {
  const std::int32_t mask = mask_of(condition);
  return std::bit_cast<float>((std::bit_cast<std::int32_t>(a) & mask) |
                              (std::bit_cast<std::int32_t>(b) & ~mask));
}

/// How far below V a channel lies, in shares of the chroma. `sixths` in [0, 12) is the place on the
/// colour circle, counted from where the channel begins to fall: down in the first sixth, at the
/// bottom for two, up again in the fourth, at the top for two.
inline float depth_at(float sixths) {
  const float turned = sixths >= 6.0F ? sixths - 6.0F : sixths;
  const float other = 4.0F - turned;
  return clipped_to_unit(turned < other ? turned : other);
}

/// H <- (H + turns) mod 1 in HSV.
KITH_CPU_VARIANTS void turn_hue_values(float* red, float* green, float* blue, std::size_t size,
                                       float turns) {
  for (std::size_t i = 0; i < size; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float v = std::max({r, g, b}), chroma = v - std::min({r, g, b});
    const float divisor = std::max(chroma, kLeastChroma);
    const float from_r = (v - r) / divisor, from_g = (v - g) / divisor, from_b = (v - b) / divisor;
    const bool is_red = r == v, is_green = g == v;
    const float third = pick(is_red, 0.0F, pick(is_green, 2.0F, 4.0F));
    const float plus = pick(is_red, from_b, pick(is_green, from_r, from_g));
    const float minus = pick(is_red, from_g, pick(is_green, from_b, from_r));
    float sixths = third + (plus - minus) + 6.0F * turns;  // in [-4, 8]
    sixths = sixths < 0.0F ? sixths + 6.0F : sixths;
    sixths = sixths >= 6.0F ? sixths - 6.0F : sixths;
    red[i] = clipped_to_unit(v - chroma * depth_at(sixths + 5.0F));
    green[i] = clipped_to_unit(v - chroma * depth_at(sixths + 3.0F));
    blue[i] = clipped_to_unit(v - chroma * depth_at(sixths + 1.0F));
  }
}

/// @param amount  share of white
inline void add_white(kith::PixelRun run, double amount) {
  const auto levels = static_cast<float>(amount * static_cast<double>(run.white()));
  for (float* plane : run.planes())
    (run.is_pillow8() ? add_levels : add_values)(plane, run.size(), levels);
}

/// Away from or towards each channel's own mean over the view.
inline void blend_with_channel_means(kith::PixelRun run, double factor) {
  for (std::uint32_t c = 0; c < run.channels(); ++c)
    blend_values(run.planes()[c], run.size(), static_cast<float>(run.channel_mean(c)),
                 static_cast<float>(factor));
}

inline void scale_saturation(kith::PixelRun run, double factor) {
  const auto p = run.planes();
  scale_saturation_values(p[0], p[1], p[2], run.size(), static_cast<float>(factor));
}

/// @param turns  fraction of the circle, in [-0.5, 0.5].
inline void turn_hue(kith::PixelRun run, double turns) {
  const auto p = run.planes();
  turn_hue_values(p[0], p[1], p[2], run.size(), static_cast<float>(turns));
}

}  // namespace
}  // namespace colour
