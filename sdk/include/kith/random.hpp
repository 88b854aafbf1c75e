// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

/// Counter-based random numbers, shared by the host and the SDK. A number is a pure function of
/// what it is for: nothing is advanced, stored or locked, so any thread, rank or resumed run gets
/// the same.
///
/// Layout, fixed for ever (revision "kith.random/1"):
///   key     = mix(seed, purpose, step, sample >> 32, fnv1a(name)), low word first
///   counter = { block, epoch, sample mod 2^32, (view << 16) | operation }
///   block b of a draw holds its 64-bit values 2b and 2b + 1: word 0 | word 1 << 32, word 2 | word
///   3 << 32 uniform = (value >> 11) * 2^-53; float32: (value >> 40) * 2^-24, the same number cut
///   to 24 bits below n = high 64 bits of value * n (bias at most n / 2^64) normal  = Box-Muller of
///   values 2b, 2b + 1: element 2b takes the cosine, 2b + 1 the sine
namespace kith {

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
class Philox {
 public:
  using Counter = std::array<std::uint32_t, 4>;
  using Key = std::array<std::uint32_t, 2>;

  /// The four words of one block.
  [[nodiscard]] static constexpr Counter block(Counter c, Key k) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
      c = {high(p1) ^ c[1] ^ k[0], low(p1), high(p0) ^ c[3] ^ k[1], low(p0)};
      k = {k[0] + 0x9E3779B9U, k[1] + 0xBB67AE85U};
    }
    return c;
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
  static constexpr std::uint32_t high(std::uint64_t v) {
    return static_cast<std::uint32_t>(v >> 32);
  }
};

/// What random numbers are for; numbers are part of the layout above and are never reused.
enum class DrawPurpose : std::uint32_t {
  kInitialisation = 1,  ///< first values of parameters, buffers and state
  kOrder = 2,           ///< order of the samples in an epoch
  kAugmentation = 3,    ///< parameters of augmentations
  kStep = 4,            ///< random tensors of a method, an encoder or a loss; dropout
  kEvaluation = 5,      ///< subsets and probes
  kSplit = 6,           ///< slots of skipped files, held-out samples
  kTest = 100,
};

/// Where a random number belongs. What does not apply stays 0.
struct DrawKey {
  std::uint64_t seed = 0;
  DrawPurpose purpose = DrawPurpose::kTest;
  std::uint32_t epoch = 0;
  std::uint64_t step = 0;    ///< optimiser step; 0 for what must not depend on it (views)
  std::uint64_t sample = 0;  ///< index of the sample in its split
  std::uint32_t view = 0;    ///< below 65,536
  std::uint32_t operation =
      0;  ///< below 65,536: position in the list of augmentations, module, rank
};

namespace detail {

constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return h;
}

/// One round of SplitMix64 over the state so far and the next value.
constexpr std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) + 0x9E3779B97F4A7C15U;
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9U;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBU;
  return h ^ (h >> 31);
}

constexpr std::uint64_t high_of_product(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a0 = a & 0xFFFFFFFFU, a1 = a >> 32, b0 = b & 0xFFFFFFFFU, b1 = b >> 32;
  const std::uint64_t cross = a1 * b0 + ((a0 * b0) >> 32);
  const std::uint64_t other = a0 * b1 + (cross & 0xFFFFFFFFU);
  return a1 * b1 + (cross >> 32) + (other >> 32);
}

}  // namespace detail

/// The numbers of one named draw. The `_at` functions give element i without the others (fill a
/// tensor in any order, on any number of threads; i below 2^33); the others take the next element
/// in turn. [any thread, one object a thread]
class Draw {
 public:
  constexpr Draw(const DrawKey& key, std::string_view name) {
    std::uint64_t h = detail::mix(key.seed, static_cast<std::uint64_t>(key.purpose));
    h = detail::mix(h, key.step);
    h = detail::mix(h, key.sample >> 32);
    h = detail::mix(h, detail::fnv1a(name));
    key_ = {static_cast<std::uint32_t>(h), static_cast<std::uint32_t>(h >> 32)};
    counter_ = {0, key.epoch, static_cast<std::uint32_t>(key.sample),
                (key.view << 16) | (key.operation & 0xFFFFU)};
  }

  /// 64 random bits.
  [[nodiscard]] constexpr std::uint64_t bits_at(std::uint64_t i) const {
    Philox::Counter c = counter_;
    c[0] = static_cast<std::uint32_t>(i >> 1);
    const Philox::Counter r = Philox::block(c, key_);
    const std::size_t half = (i & 1) * 2;
    return r[half] | (std::uint64_t{r[half + 1]} << 32);
  }
  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] constexpr double uniform_at(std::uint64_t i) const {
    return static_cast<double>(bits_at(i) >> 11) * 0x1p-53;
  }
  /// Uniform in [0, 1), 24 bits: never rounds up to 1.
  [[nodiscard]] constexpr float uniform_float_at(std::uint64_t i) const {
    return static_cast<float>(bits_at(i) >> 40) * 0x1p-24F;
  }
  /// Uniform in {0, ..., n - 1}; n > 0.
  [[nodiscard]] constexpr std::uint64_t below_at(std::uint64_t i, std::uint64_t n) const {
    return detail::high_of_product(bits_at(i), n);
  }
  /// Mean 0, variance 1. Uses the C library's log, sin and cos: equal on one machine, to the last
  /// bit or two between C libraries.
  [[nodiscard]] double normal_at(std::uint64_t i) const {
    const std::uint64_t pair = i & ~std::uint64_t{1};
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform_at(pair)));
    const double angle = 6.283185307179586476925 * uniform_at(pair + 1);
    return radius * ((i & 1) == 0 ? std::cos(angle) : std::sin(angle));
  }

  [[nodiscard]] constexpr std::uint64_t bits() { return bits_at(next_++); }
  [[nodiscard]] constexpr double uniform() { return uniform_at(next_++); }
  /// Uniform in [low, high); `low` if the two are equal.
  [[nodiscard]] constexpr double uniform(double low, double high) {
    return low + (high - low) * uniform();
  }
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t n) { return below_at(next_++, n); }
  [[nodiscard]] double normal() { return normal_at(next_++); }

  /// Puts the elements in a random order (Fisher-Yates, from the end).
  template <class T>
  constexpr void shuffle(std::span<T> elements) {
    for (std::size_t n = elements.size(); n > 1; --n) {
      std::swap(elements[n - 1], elements[static_cast<std::size_t>(below(n))]);
    }
  }

 private:
  Philox::Key key_{};
  Philox::Counter counter_{};
  std::uint64_t next_ = 0;
};

/// Fills with uniform numbers in [low, high): element first + i goes to out[i], so that parts of
/// one tensor may be filled apart.
inline void fill_uniform(const Draw& draw, std::span<float> out, float low, float high,
                         std::uint64_t first = 0) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = low + (high - low) * draw.uniform_float_at(first + i);
  }
}
inline void fill_uniform(const Draw& draw, std::span<double> out, double low, double high,
                         std::uint64_t first = 0) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = low + (high - low) * draw.uniform_at(first + i);
  }
}

/// Fills with normal numbers; element first + i goes to out[i].
template <class T>
void fill_normal(const Draw& draw, std::span<T> out, double mean, double deviation,
                 std::uint64_t first = 0) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<T>(mean + deviation * draw.normal_at(first + i));
  }
}

}  // namespace kith
