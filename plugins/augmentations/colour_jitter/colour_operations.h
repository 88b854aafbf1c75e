// SPDX-License-Identifier: Apache-2.0
//
// The operations of colour jitter on a run of pixels, in 8-bit levels as Pillow 9.4 rounds them,
// and on float values as torchvision 0.14 has them on tensors.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <kith/augmentation.hpp>

namespace colour {
namespace {  // target clones and vague linkage do not go together

/// Clipped to [0, 255] and truncated, |value| below 2^31. The limits are whole, so it makes no
/// difference that the whole number is clipped, and for that the compiler has one instruction each.
inline float to_level(float value) {
  return static_cast<float>(std::min(std::max(static_cast<std::int32_t>(value), 0), 255));
}

/// d + f (v - d) in float32, clipped to [0, 255], then truncated.
KITH_CPU_VARIANTS void blend_levels(float* v, std::size_t size, float other, float factor) {
  for (std::size_t i = 0; i < size; ++i) v[i] = to_level(other + factor * (v[i] - other));
}

/// f v + (1 - f) d, clipped to [0, 1].
KITH_CPU_VARIANTS void blend_values(float* v, std::size_t size, float other, float factor) {
  const float added = (1.0F - factor) * other;
  for (std::size_t i = 0; i < size; ++i) {
    float t = factor * v[i] + added;
    t = t > 0.0F ? t : 0.0F;
    v[i] = t < 1.0F ? t : 1.0F;
  }
}

KITH_CPU_VARIANTS void saturate_levels(float* r, float* g, float* b, std::size_t size,
                                       float factor) {
  for (std::size_t i = 0; i < size; ++i) {
    const float grey =
        static_cast<float>((19595 * static_cast<int>(r[i]) + 38470 * static_cast<int>(g[i]) +
                            7471 * static_cast<int>(b[i]) + 32768) >>
                           16);
    r[i] = to_level(grey + factor * (r[i] - grey));
    g[i] = to_level(grey + factor * (g[i] - grey));
    b[i] = to_level(grey + factor * (b[i] - grey));
  }
}

KITH_CPU_VARIANTS void saturate_values(float* r, float* g, float* b, std::size_t size,
                                       float factor) {
  for (std::size_t i = 0; i < size; ++i) {
    const float grey = (1.0F - factor) * (0.2989F * r[i] + 0.587F * g[i] + 0.114F * b[i]);
    float x = factor * r[i] + grey;
    float y = factor * g[i] + grey;
    float z = factor * b[i] + grey;
    x = x > 0.0F ? x : 0.0F, y = y > 0.0F ? y : 0.0F, z = z > 0.0F ? z : 0.0F;
    r[i] = x < 1.0F ? x : 1.0F;
    g[i] = y < 1.0F ? y : 1.0F;
    b[i] = z < 1.0F ? z : 1.0F;
  }
}

/// Position on the colour circle in [0, 1), as a float: which channel is largest decides the third
/// of the circle.
/// @param chroma  largest - smallest, > 0.
inline float hue_of(float r, float g, float b, float largest, float chroma) {
  const auto share = [&](float channel) { return (largest - channel) / chroma; };
  const float sixths = r == largest   ? share(b) - share(g)
                       : g == largest ? static_cast<float>(2.0 + share(r) - share(b))
                                      : static_cast<float>(4.0 + share(g) - share(r));
  const double turn = sixths / 6.0 + 1.0;  // in [5/6, 11/6]
  return static_cast<float>(turn >= 1 ? turn - 1 : turn);
}

/// Writes (v, p, q, t) to the channels, by the sixth of the circle.
void write_sixth(int sixth, float v, float p, float q, float t, float& r, float& g, float& b) {
  switch (sixth) {
    case 0:
      r = v, g = t, b = p;
      break;
    case 1:
      r = q, g = v, b = p;
      break;
    case 2:
      r = p, g = v, b = t;
      break;
    case 3:
      r = p, g = q, b = v;
      break;
    case 4:
      r = t, g = p, b = v;
      break;
    default:
      r = v, g = p, b = q;
      break;
  }
}

/// All bits where the condition holds, else none: for choices that g++ never makes a branch, which
/// would keep a loop scalar.
inline std::int32_t mask_of(bool condition) { return -static_cast<std::int32_t>(condition); }

/// The float where the mask is set, else 0.
inline float where(std::int32_t mask, float value) {
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(value) & mask);
}

/// A level less its share: `colour` is level times saturation, `parts` are 85ths.
inline float without(float rounding, float colour, std::int32_t parts) {
  const auto lacking = static_cast<float>(std::min(std::max(parts, 0), 85));
  return static_cast<float>(static_cast<int>(rounding - colour * lacking * (1.0F / (255 * 85))));
}

/// Through 8-bit HSV: hue and saturation are truncated to levels, the way back is rounded.
///
/// Pillow computes this in doubles. Here are floats, of which a register holds twice as many: the
/// products of levels are whole numbers below 2^24, and where a quotient is rounded before it is
/// truncated, all levels come out as Pillow's, for every colour and shift.
KITH_CPU_VARIANTS void shift_hue_levels(float* red, float* green, float* blue, std::size_t size,
                                        int shift) {
  for (std::size_t i = 0; i < size; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float v = std::max({r, g, b}), least = std::min({r, g, b}), chroma = v - least;
    const float divisor = std::max(chroma, 1.0F), white = std::max(v, 1.0F);  // levels are whole
    // Sixths of the circle from red (0), green (2) or blue (4): the share of the middle channel,
    // counted from the one before if the channel after is the least, else back from the next.
    const std::int32_t is_red = mask_of(r == v), is_green = mask_of(g == v) & ~is_red,
                       is_blue = ~(is_red | is_green);
    const std::int32_t from_before = (is_red & mask_of(g == least)) |
                                     (is_green & mask_of(b == least)) |
                                     (is_blue & mask_of(r == least));
    const float next = 1.0F + where(is_green, 2.0F) + where(is_blue, 4.0F);
    const float share = (v - (r + g + b - v - least)) / divisor;
    const float old_sixths = next - where(from_before, 2.0F) +
                             std::bit_cast<float>(std::bit_cast<std::int32_t>(share) ^
                                                  (~from_before & std::int32_t{INT32_MIN}));
    const float hue = old_sixths / 6.0F + where(mask_of(old_sixths < 0.0F), 1.0F);
    const int h = (static_cast<int>(hue * 255.0F) + shift) & 255;
    const float s = static_cast<float>(static_cast<int>(chroma * 255.0F / white));

    // The new hue in 85ths of a sixth: how much of its saturation each channel lacks.
    const float rounding = v + 0.5F, colour = v * s;
    red[i] = without(rounding, colour, 170 - std::abs(2 * h - 255));
    green[i] = without(rounding, colour, std::abs(2 * h - 170) - 85);
    blue[i] = without(rounding, colour, std::abs(2 * h - 340) - 85);
  }
}

void shift_hue_values(float* red, float* green, float* blue, std::size_t size, float shift) {
  for (std::size_t i = 0; i < size; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float v = std::max({r, g, b}), chroma = v - std::min({r, g, b});
    if (chroma <= 0 || v <= 0) continue;
    const float s = chroma / v;
    float h = hue_of(r, g, b, v, chroma) + shift;
    h -= std::floor(h);
    const float sixths = h * 6.0F;
    const int sixth = static_cast<int>(sixths);
    const float f = sixths - static_cast<float>(sixth);
    const auto clipped = [](float x) { return std::clamp(x, 0.0F, 1.0F); };
    const float p = clipped(v * (1 - s)), q = clipped(v * (1 - s * f)),
                t = clipped(v * (1 - s * (1 - f)));
    write_sixth(sixth % 6, v, p, q, t, red[i], green[i], blue[i]);
  }
}

/// Away from (factor > 1) or towards (factor < 1) one grey level; `other` is rounded to a whole
/// level for pillow8.
inline void blend_with(kith::PixelRun run, double other, double factor) {
  const auto f = static_cast<float>(factor);
  for (float* plane : run.planes()) {
    if (run.is_pillow8()) {
      blend_levels(plane, run.size(), static_cast<float>(static_cast<int>(other + 0.5)), f);
    } else {
      blend_values(plane, run.size(), static_cast<float>(other), f);
    }
  }
}

/// Away from or towards each pixel's own grey.
inline void blend_with_grey(kith::PixelRun run, double factor) {
  const auto p = run.planes();
  (run.is_pillow8() ? saturate_levels : saturate_values)(p[0], p[1], p[2], run.size(),
                                                         static_cast<float>(factor));
}

/// @param shift  fraction of the circle, in [-0.5, 0.5].
inline void shift_hue(kith::PixelRun run, double shift) {
  const auto p = run.planes();
  if (run.is_pillow8()) {
    shift_hue_levels(p[0], p[1], p[2], run.size(), static_cast<int>(shift * 255));
  } else {
    shift_hue_values(p[0], p[1], p[2], run.size(), static_cast<float>(shift));
  }
}

}  // namespace
}  // namespace colour
