// SPDX-License-Identifier: Apache-2.0
//
// The operations of colour jitter on a run of pixels, in 8-bit levels as Pillow 9.4 rounds them,
// and on float values as torchvision 0.14 has them on tensors.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <kith/augmentation.hpp>

namespace colour {
namespace {  // target clones and vague linkage do not go together

/// d + f (v - d) in float32, clipped to [0, 255], then truncated.
KITH_CPU_VARIANTS void blend_levels(float* v, std::size_t size, float other, float factor) {
  for (std::size_t i = 0; i < size; ++i) {
    float t = other + factor * (v[i] - other);
    t = t > 0.0F ? t : 0.0F;
    t = t < 255.0F ? t : 255.0F;
    v[i] = static_cast<float>(static_cast<int>(t));
  }
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
    float x = grey + factor * (r[i] - grey);
    float y = grey + factor * (g[i] - grey);
    float z = grey + factor * (b[i] - grey);
    x = x > 0.0F ? x : 0.0F, y = y > 0.0F ? y : 0.0F, z = z > 0.0F ? z : 0.0F;
    x = x < 255.0F ? x : 255.0F, y = y < 255.0F ? y : 255.0F, z = z < 255.0F ? z : 255.0F;
    r[i] = static_cast<float>(static_cast<int>(x));
    g[i] = static_cast<float>(static_cast<int>(y));
    b[i] = static_cast<float>(static_cast<int>(z));
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

/// What an 8-bit hue is: the sixth of the circle (255 is red again), and how far into it; and an
/// 8-bit saturation.
struct HsvTables {
  std::array<int, 256> sixth{};
  std::array<float, 256> into_sixth{}, saturation{};
};
constexpr HsvTables kHsv = [] {
  HsvTables t;
  for (std::size_t level = 0; level < 256; ++level) {
    const double sixths = static_cast<double>(level) * 6.0 / 255.0;
    const int sixth = static_cast<int>(sixths);
    t.sixth[level] = sixth % 6;
    t.into_sixth[level] = static_cast<float>(sixths - sixth);
    t.saturation[level] = static_cast<float>(static_cast<double>(level) / 255.0);
  }
  return t;
}();

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

/// Through 8-bit HSV: hue and saturation are truncated to levels, the way back is rounded.
void shift_hue_levels(float* red, float* green, float* blue, std::size_t size, int shift) {
  for (std::size_t i = 0; i < size; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float v = std::max({r, g, b}), chroma = v - std::min({r, g, b});
    if (chroma == 0) continue;
    const auto s = static_cast<std::size_t>(static_cast<int>((chroma / v) * 255.0));
    const int hue = static_cast<int>(hue_of(r, g, b, v, chroma) * 255.0);
    const auto h = static_cast<std::size_t>((hue + shift) & 255);
    if (s == 0) {
      red[i] = green[i] = blue[i] = v;
      continue;
    }
    const float f = kHsv.into_sixth[h], fs = kHsv.saturation[s];
    const auto rounded = [v](double share) {
      return static_cast<float>(static_cast<int>(static_cast<double>(v) * share + 0.5));
    };
    const float p = rounded(1.0 - fs), q = rounded(1.0 - fs * f), t = rounded(1.0 - fs * (1.0 - f));
    write_sixth(kHsv.sixth[h], v, p, q, t, red[i], green[i], blue[i]);
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
