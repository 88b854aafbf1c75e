// SPDX-License-Identifier: Apache-2.0
#include "operators/gathered_tiles.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <kith/cpu_variants.hpp>
#include <memory>
#include <vector>

namespace kith::host {
namespace {

constexpr std::int64_t kTileBytes = 1 << 18;  // a tile of the bank: it shares a core's cache
constexpr std::int64_t kMostRows = 256;       // in a block: 12 bytes of memory a place
constexpr std::int64_t kAhead = 4;            // rows whose places are fetched before their turn
constexpr std::int64_t kPlacesOfTile = 8;     // of a row; with fewer, finding them costs more

/// One of a row's places: which bank row, and where its product goes.
struct Place {
  std::uint32_t bank_row;
  std::uint32_t k;
};

/// How a bank is cut into tiles of 2^shift rows. It depends on shapes alone, as the order of sums
/// does.
struct Tiling {
  int shift;
  std::int64_t count;

  Tiling(std::int64_t bank_rows, std::int64_t row_bytes, std::int64_t places) {
    const auto fitting =
        std::max<std::int64_t>(1, kTileBytes / std::max<std::int64_t>(1, row_bytes));
    const auto most_tiles = std::max<std::int64_t>(1, places / kPlacesOfTile);
    const auto rows = std::max(fitting, (bank_rows + most_tiles - 1) / most_tiles);
    shift = std::bit_width(static_cast<std::uint64_t>(rows) - 1);
    count = ((bank_rows - 1) >> shift) + 1;
  }
};

/// Eight floats or four doubles; the compiler splits it where the CPU has shorter registers.
template <class T>
struct Lanes {
  using Type [[gnu::vector_size(32)]] = T;
  static constexpr std::int64_t kCount = 32 / sizeof(T);
};

template <class T>
inline __attribute__((always_inline)) T dot(const T* a, const T* b, std::int64_t n) {
  using V = typename Lanes<T>::Type;
  constexpr auto kCount = Lanes<T>::kCount;
  V sum[4] = {};
  std::int64_t i = 0;
  for (; i + 4 * kCount <= n; i += 4 * kCount) {
    for (int part = 0; part < 4; ++part) {
      V x, y;
      std::memcpy(&x, a + i + part * kCount, sizeof x);
      std::memcpy(&y, b + i + part * kCount, sizeof y);
      sum[part] += x * y;
    }
  }
  T rest = 0;
  for (; i < n; ++i) rest += a[i] * b[i];
  const V all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  T lanes[kCount];
  std::memcpy(lanes, &all, sizeof lanes);
  for (std::int64_t width = kCount / 2; width > 0; width /= 2)
    for (std::int64_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  return lanes[0] + rest;
}

/// out: a product a place.
template <class T>
inline __attribute__((always_inline)) void dots(const T* row, const T* bank, std::int64_t width,
                                                const Place* begin, const Place* end, T* out) {
  for (const auto* place = begin; place != end; ++place)
    *out++ = dot(row, bank + place->bank_row * width, width);
}
KITH_CPU_VARIANTS void row_dots(const float* row, const float* bank, std::int64_t width,
                                const Place* begin, const Place* end, float* out) {
  dots(row, bank, width, begin, end, out);
}
KITH_CPU_VARIANTS void row_dots(const double* row, const double* bank, std::int64_t width,
                                const Place* begin, const Place* end, double* out) {
  dots(row, bank, width, begin, end, out);
}

/// out += sum over places of weight * bank row, a weight a place; kParts registers of columns at a
/// time.
template <int kParts, class T>
inline __attribute__((always_inline)) std::int64_t add_columns(std::int64_t from, const T* weights,
                                                               const T* bank, std::int64_t width,
                                                               const Place* begin, const Place* end,
                                                               T* out) {
  using V = typename Lanes<T>::Type;
  constexpr auto kCount = Lanes<T>::kCount;
  for (; from + kParts * kCount <= width; from += kParts * kCount) {
    V sum[kParts] = {};
    const T* weight = weights;
    for (const auto* place = begin; place != end; ++place, ++weight) {
      const T* numbers = bank + place->bank_row * width + from;
      for (int part = 0; part < kParts; ++part) {
        V x;
        std::memcpy(&x, numbers + part * kCount, sizeof x);
        sum[part] += *weight * x;
      }
    }
    for (int part = 0; part < kParts; ++part) {
      V all;
      std::memcpy(&all, out + from + part * kCount, sizeof all);
      all += sum[part];
      std::memcpy(out + from + part * kCount, &all, sizeof all);
    }
  }
  return from;
}
template <class T>
inline __attribute__((always_inline)) void sums(const T* weights, const T* bank, std::int64_t width,
                                                const Place* begin, const Place* end, T* out) {
  auto column = add_columns<8>(0, weights, bank, width, begin, end, out);
  column = add_columns<1>(column, weights, bank, width, begin, end, out);
  for (; column < width; ++column) {
    T sum = 0;
    const T* weight = weights;
    for (const auto* place = begin; place != end; ++place, ++weight)
      sum += *weight * bank[place->bank_row * width + column];
    out[column] += sum;
  }
}
KITH_CPU_VARIANTS void row_sums(const float* weights, const float* bank, std::int64_t width,
                                const Place* begin, const Place* end, float* out) {
  sums(weights, bank, width, begin, end, out);
}
KITH_CPU_VARIANTS void row_sums(const double* weights, const double* bank, std::int64_t width,
                                const Place* begin, const Place* end, double* out) {
  sums(weights, bank, width, begin, end, out);
}

/// Some rows with their places, each row's sorted by tile, in the order of k within one.
template <class T>
class Block {
 public:
  const std::int64_t first, rows, k;

  Block(const std::int64_t* index, std::int64_t first, std::int64_t rows, std::int64_t k,
        const Tiling& tiling)
      : first(first),
        rows(rows),
        k(k),
        tiling_(tiling),
        places_(std::make_unique_for_overwrite<Place[]>(size(rows * k))),
        values_(std::make_unique_for_overwrite<T[]>(size(rows * k))),
        starts_(size(rows * (tiling.count + 1))) {
    std::vector<std::uint32_t> next(size(tiling.count));
    for (std::int64_t i = 0; i < rows; ++i) sort_row(index + (first + i) * k, i, next);
  }

  /// work(row, its places of the tile: begin, end, and a value for each), tile by tile.
  template <class Work>
  void for_each_tile(const at::Tensor& bank, Work&& work) {
    const auto* numbers = reinterpret_cast<const char*>(bank.const_data_ptr<T>());
    const auto row_bytes = bank.size(1) * std::int64_t{sizeof(T)};
    const bool most_is_wanted = rows * k >= bank.size(0);
    // The bytes of the bank below a share of a tile's rows, in `rows` shares.
    const auto below = [&](std::int64_t tile, std::int64_t share) {
      const auto first = std::min(tile << tiling_.shift, bank.size(0));
      const auto end = std::min((tile + 1) << tiling_.shift, bank.size(0));
      return (first + (end - first) * share / rows) * row_bytes;
    };
    if (most_is_wanted) fetch(numbers, below(0, 0), below(0, rows));
    for (std::int64_t tile = 0; tile < tiling_.count; ++tile) {
      for (std::int64_t i = 0; i < rows; ++i) {
        // The next tile comes while this one is worked on.
        if (most_is_wanted) fetch(numbers, below(tile + 1, i), below(tile + 1, i + 1));
        if (i + kAhead < rows) fetch_places(i + kAhead, tile);
        const auto* starts = starts_of(i) + tile;
        const auto* places = places_.get() + i * k;
        work(first + i, places + starts[0], places + starts[1], values_.get() + i * k + starts[0]);
      }
    }
  }

  /// work(row, place, its value), row by row.
  template <class Work>
  void for_each_place(Work&& work) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (auto at = i * k; at < (i + 1) * k; ++at)
        work(first + i, places_[size(at)], values_[size(at)]);
  }

 private:
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

  /// Has bytes of the bank brought into the cache.
  static void fetch(const char* bank, std::int64_t begin, std::int64_t end) {
    for (; begin < end; begin += 64) __builtin_prefetch(bank + begin, 0, 2);
  }

  /// Has a row's places of a tile and their values brought into the cache: each row's are a stream
  /// of their own, too many for the CPU to follow.
  void fetch_places(std::int64_t row, std::int64_t tile) const {
    const auto* starts = starts_of(row) + tile;
    const auto at = row * k + starts[0], count = std::int64_t{starts[1]} - starts[0];
    fetch(reinterpret_cast<const char*>(places_.get()), at * std::int64_t{sizeof(Place)},
          (at + count) * std::int64_t{sizeof(Place)});
    fetch(reinterpret_cast<const char*>(values_.get()), at * std::int64_t{sizeof(T)},
          (at + count) * std::int64_t{sizeof(T)});
  }

  const std::uint32_t* starts_of(std::int64_t row) const {
    return starts_.data() + row * (tiling_.count + 1);
  }
  std::uint32_t* starts_of(std::int64_t row) { return starts_.data() + row * (tiling_.count + 1); }

  void sort_row(const std::int64_t* index, std::int64_t row, std::vector<std::uint32_t>& next) {
    auto* starts = starts_of(row);
    for (std::int64_t i = 0; i < k; ++i) ++starts[(index[i] >> tiling_.shift) + 1];
    for (std::int64_t tile = 0; tile < tiling_.count; ++tile) {
      next[size(tile)] = starts[tile];
      starts[tile + 1] += starts[tile];
    }
    auto* places = places_.get() + row * k;
    for (std::int64_t i = 0; i < k; ++i)
      places[next[size(index[i] >> tiling_.shift)]++] = {static_cast<std::uint32_t>(index[i]),
                                                         static_cast<std::uint32_t>(i)};
  }

  Tiling tiling_;
  std::unique_ptr<Place[]> places_;
  std::unique_ptr<T[]> values_;
  std::vector<std::uint32_t> starts_;
};

/// Blocks of rows are shared out over threads.
template <class T, class Work>
void for_each_block(const at::Tensor& bank, const at::Tensor& index, Work&& work) {
  const auto n = index.size(0), k = index.size(1);
  if (n == 0 || k == 0) return;
  const Tiling tiling(bank.size(0), bank.size(1) * std::int64_t{sizeof(T)}, k);
  const auto* places = index.const_data_ptr<std::int64_t>();
  const auto threads = std::int64_t{at::get_num_threads()};
  const auto rows = std::clamp<std::int64_t>((n + threads - 1) / threads, 1, kMostRows);
  at::parallel_for(0, (n + rows - 1) / rows, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto first = begin * rows; first < std::min(end * rows, n); first += rows) {
      Block<T> block(places, first, std::min(rows, n - first), k, tiling);
      work(block);
    }
  });
}

}  // namespace

at::Tensor gathered_dots(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  auto out = at::empty(index.sizes(), rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "gathered_dots", [&] {
    const auto width = bank.size(1);
    const auto* row = rows.const_data_ptr<scalar_t>();
    const auto* numbers = bank.const_data_ptr<scalar_t>();
    auto* product = out.data_ptr<scalar_t>();
    for_each_block<scalar_t>(bank, index, [&](Block<scalar_t>& block) {
      block.for_each_tile(
          bank, [&](std::int64_t i, const Place* begin, const Place* end, scalar_t* values) {
            row_dots(row + i * width, numbers, width, begin, end, values);
          });
      block.for_each_place([&](std::int64_t i, const Place& place, scalar_t value) {
        product[i * block.k + place.k] = value;
      });
    });
  });
  return out;
}

at::Tensor gathered_sums(const at::Tensor& weights, const at::Tensor& bank,
                         const at::Tensor& index) {
  auto out = at::zeros({index.size(0), bank.size(1)}, weights.options());
  AT_DISPATCH_FLOATING_TYPES(weights.scalar_type(), "gathered_sums", [&] {
    const auto width = bank.size(1);
    const auto* weight = weights.const_data_ptr<scalar_t>();
    const auto* numbers = bank.const_data_ptr<scalar_t>();
    auto* sum = out.data_ptr<scalar_t>();
    for_each_block<scalar_t>(bank, index, [&](Block<scalar_t>& block) {
      block.for_each_place([&](std::int64_t i, const Place& place, scalar_t& value) {
        value = weight[i * block.k + place.k];
      });
      block.for_each_tile(
          bank, [&](std::int64_t i, const Place* begin, const Place* end, const scalar_t* values) {
            row_sums(values, numbers, width, begin, end, sum + i * width);
          });
    });
  });
  return out;
}

}  // namespace kith::host
