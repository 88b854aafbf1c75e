// SPDX-License-Identifier: Apache-2.0
//
// Normal numbers for each pixel of a plane, by Philox and Box-Muller in float32, in loops that
// become vector code. The C library's log, sin and cos would be slower and differ between machines.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <kith/augmentation.hpp>
#include <span>

namespace noise {
namespace {  // target clones and vague linkage do not go together

/// Blocks that are made at a time: their words stay in the first-level cache.
constexpr std::size_t kBlocks = 256;

/// Four words for each of `kBlocks` counters.
struct Words {
  std::uint32_t word[4][kBlocks];
};

/// Four normal numbers for each of `kBlocks` counters.
struct Normals {
  float number[4][kBlocks];
};

/// Philox 4x32-10 as kith/random.hpp has it: counter {first + i, channel, 0, 0}, key {seed, 0}.
KITH_CPU_VARIANTS void fill_words(Words& out, std::uint32_t first, std::uint32_t channel,
                                  std::uint32_t seed) {
  for (std::size_t i = 0; i < kBlocks; ++i) {
    std::uint32_t a = first + static_cast<std::uint32_t>(i), b = channel, c = 0, d = 0;
    std::uint32_t k0 = seed, k1 = 0;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * a, p1 = std::uint64_t{0xCD9E8D57} * c;
      a = static_cast<std::uint32_t>(p1 >> 32) ^ b ^ k0;
      b = static_cast<std::uint32_t>(p1);
      c = static_cast<std::uint32_t>(p0 >> 32) ^ d ^ k1;
      d = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    out.word[0][i] = a;
    out.word[1][i] = b;
    out.word[2][i] = c;
    out.word[3][i] = d;
  }
}

/// The middle of one of 2^23 equal parts of (0, 1), exactly.
inline float to_unit(std::uint32_t word) {
  return (static_cast<float>(static_cast<std::int32_t>(word >> 9)) + 0.5F) * 0x1p-23F;
}

/// a where the condition holds, else b, by bits: no branch, which would keep a loop scalar.
inline float pick(bool condition, float a, float b) {
  const std::uint32_t mask = 0U - static_cast<std::uint32_t>(condition);
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(a) & mask) |
                              (std::bit_cast<std::uint32_t>(b) & ~mask));
}

/// ln x for x in (0, 1), to some units of float32: x = m 2^e with m in [1 / sqrt(2), sqrt(2)), and
/// ln m = 2 artanh((m - 1) / (m + 1)), whose series ends below 1e-9 there.
inline float natural_log(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t low = (bits & 0x007FFFFFU) | 0x3F800000U;  // in [1, 2)
  const float whole = std::bit_cast<float>(low);
  const bool is_large = whole >= 1.41421356F;
  const float m = pick(is_large, 0.5F * whole, whole);
  const auto e = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127 +
                                    static_cast<std::int32_t>(is_large));
  const float s = (m - 1.0F) / (m + 1.0F), q = s * s;
  const float series = 1.0F / 3 + q * (1.0F / 5 + q * (1.0F / 7 + q * (1.0F / 9)));
  return e * 0.693147181F + 2.0F * (s + s * q * series);
}

/// Cosine and sine of u turns, u in (0, 1): Taylor's series on an eighth of the circle, below 1e-8.
inline void cosine_and_sine(float u, float& cosine, float& sine) {
  const auto quarter = static_cast<std::int32_t>(4.0F * u + 0.5F);  // 0 to 4
  const float x = (4.0F * u - static_cast<float>(quarter)) * 1.57079633F, q = x * x;
  const float s =
      x + x * q * (-1.0F / 6 + q * (1.0F / 120 + q * (-1.0F / 5040 + q * (1.0F / 362880))));
  const float c = 1.0F + q * (-1.0F / 2 + q * (1.0F / 24 + q * (-1.0F / 720 + q * (1.0F / 40320))));
  const bool is_odd = (quarter & 1) != 0;
  const float near_x = pick(is_odd, s, c), near_y = pick(is_odd, c, s);
  cosine = pick((quarter == 1) | (quarter == 2), -near_x, near_x);
  sine = pick((quarter & 2) != 0, -near_y, near_y);
}

/// Box-Muller: words 0 and 1 make numbers 0 (cosine) and 1 (sine), words 2 and 3 the others.
KITH_CPU_VARIANTS void fill_normals(const std::uint32_t* radius_word,
                                    const std::uint32_t* angle_word, float* first, float* second) {
  for (std::size_t i = 0; i < kBlocks; ++i) {
    const float radius = std::sqrt(-2.0F * natural_log(to_unit(radius_word[i])));
    float cosine = 0, sine = 0;
    cosine_and_sine(to_unit(angle_word[i]), cosine, sine);
    first[i] = radius * cosine;
    second[i] = radius * sine;
  }
}

KITH_CPU_VARIANTS void add_values(float* v, const float* normal, std::size_t size, float sigma) {
  for (std::size_t i = 0; i < size; ++i) {
    float t = v[i] + sigma * normal[i];
    t = t > 0.0F ? t : 0.0F;
    v[i] = t < 1.0F ? t : 1.0F;
  }
}

/// Rounded to the nearest level.
KITH_CPU_VARIANTS void add_levels(float* v, const float* normal, std::size_t size, float sigma) {
  for (std::size_t i = 0; i < size; ++i) {
    float t = v[i] + sigma * normal[i] + 0.5F;
    t = t > 0.0F ? t : 0.0F;
    t = t < 255.0F ? t : 255.0F;
    v[i] = static_cast<float>(static_cast<int>(t));
  }
}

/// The plane has four parts, each of a quarter of the pixels, rounded up (the last ones may be
/// shorter): pixel i of part j takes number j of block i.
///
/// @param sigma   in the unit of the values
/// @param levels  whole levels 0 to 255; else values in [0, 1]
inline void add_noise(std::span<float> plane, float sigma, std::uint32_t seed,
                      std::uint32_t channel, bool levels) {
  const std::size_t part = (plane.size() + 3) / 4;
  Words words;
  Normals normals;
  for (std::size_t first = 0; first < part; first += kBlocks) {
    fill_words(words, static_cast<std::uint32_t>(first), channel, seed);
    fill_normals(words.word[0], words.word[1], normals.number[0], normals.number[1]);
    fill_normals(words.word[2], words.word[3], normals.number[2], normals.number[3]);
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t begin = std::min(j * part + first, plane.size());
      const std::size_t end = std::min({begin + kBlocks, (j + 1) * part, plane.size()});
      if (begin < end)
        (levels ? add_levels : add_values)(plane.data() + begin, normals.number[j], end - begin,
                                           sigma);
    }
  }
}

}  // namespace
}  // namespace noise
