// SPDX-License-Identifier: Apache-2.0
#include "operators/nearest_rows.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <kith/cpu_variants.hpp>
#include <limits>
#include <vector>

namespace kith::host {
namespace {

// A tile of products has 64 x 2048 numbers: half a megabyte of float32, which a core's second-level
// cache holds beside the tile of the bank.
constexpr std::int64_t kQueries = 64;
constexpr std::int64_t kBankRows = 2048;
constexpr std::int64_t kComposedQueries = 512;
constexpr std::int64_t kLane = 32;  // products looked at together

void check(const at::Tensor& query, const at::Tensor& bank, std::int64_t k) {
  TORCH_CHECK(query.dim() == 2 && bank.dim() == 2 && query.size(1) == bank.size(1),
              "nearest_rows: wanted query [N, D] and bank [M, D], got ", query.sizes(), " and ",
              bank.sizes());
  TORCH_CHECK(query.scalar_type() == bank.scalar_type(),
              "nearest_rows: query and bank must have one dtype, got ", query.scalar_type(),
              " and ", bank.scalar_type());
  TORCH_CHECK(k >= 1 && k <= bank.size(0), "nearest_rows: k must be in [1, ", bank.size(0),
              "], the bank's rows, got ", k);
}

/// The first block of kLane products from `from` on, in steps of a block, with one above the
/// threshold; the last whole block's end if there is none.
template <class T>
inline __attribute__((always_inline)) std::int64_t first_block_above(const T* products,
                                                                     std::int64_t from,
                                                                     std::int64_t n, T threshold) {
  for (; from + kLane <= n; from += kLane) {
    int above = 0;
    for (std::int64_t j = 0; j < kLane; ++j) above |= products[from + j] > threshold ? 1 : 0;
    if (above != 0) break;
  }
  return from;
}
KITH_CPU_VARIANTS std::int64_t next_block(const float* products, std::int64_t from, std::int64_t n,
                                          float threshold) {
  return first_block_above(products, from, n, threshold);
}
KITH_CPU_VARIANTS std::int64_t next_block(const double* products, std::int64_t from, std::int64_t n,
                                          double threshold) {
  return first_block_above(products, from, n, threshold);
}

/// The k largest of a row of products that arrive piece by piece, as a heap with the worst on top.
template <class T>
class Best {
 public:
  explicit Best(std::int64_t k) : k_(static_cast<std::size_t>(k)) { heap_.reserve(k_); }

  /// Products of the bank rows from `first` on.
  void see(const T* products, std::int64_t n, std::int64_t first) {
    std::int64_t i = 0;
    for (; i < n && heap_.size() < k_; ++i) add(products[i], first + i);
    while ((i = next_block(products, i, n, heap_.front().product)) + kLane <= n)
      for (const auto end = i + kLane; i < end; ++i) replace(products[i], first + i);
    for (; i < n; ++i) replace(products[i], first + i);
  }

  void write(T* products, std::int64_t* places) {
    std::sort(heap_.begin(), heap_.end(), better);
    for (std::size_t i = 0; i < heap_.size(); ++i) {
      products[i] = heap_[i].product;
      places[i] = heap_[i].place;
    }
  }

 private:
  struct Entry {
    T product;
    std::int64_t place;
  };
  static bool better(const Entry& a, const Entry& b) {
    return a.product > b.product || (a.product == b.product && a.place < b.place);
  }
  void add(T product, std::int64_t place) {
    if (!(product == product)) product = -std::numeric_limits<T>::infinity();
    heap_.push_back({product, place});
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  void replace(T product, std::int64_t place) {
    if (!(product > heap_.front().product)) return;
    std::pop_heap(heap_.begin(), heap_.end(), better);
    heap_.back() = {product, place};
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  std::size_t k_;
  std::vector<Entry> heap_;
};

template <class T>
void search(const at::Tensor& query, const at::Tensor& bank, at::Tensor& products,
            at::Tensor& places) {
  const auto n = query.size(0), m = bank.size(0), k = products.size(1);
  const auto bank_t = bank.t();
  at::parallel_for(0, (n + kQueries - 1) / kQueries, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_grad;  // of this thread
    auto tile = at::empty({kQueries, kBankRows}, query.options());
    for (auto t = begin; t < end; ++t) {
      const auto first_query = t * kQueries, rows = std::min(kQueries, n - first_query);
      const auto queries = query.narrow(0, first_query, rows);
      std::vector<Best<T>> best(static_cast<std::size_t>(rows), Best<T>(k));
      for (std::int64_t first = 0; first < m; first += kBankRows) {
        const auto columns = std::min(kBankRows, m - first);
        auto out = tile.flatten().narrow(0, 0, rows * columns).view({rows, columns});
        at::mm_out(out, queries, bank_t.narrow(1, first, columns));
        const auto* found = out.const_data_ptr<T>();
        for (std::int64_t r = 0; r < rows; ++r)
          best[static_cast<std::size_t>(r)].see(found + r * columns, columns, first);
      }
      for (std::int64_t r = 0; r < rows; ++r)
        best[static_cast<std::size_t>(r)].write(
            products.data_ptr<T>() + (first_query + r) * k,
            places.data_ptr<std::int64_t>() + (first_query + r) * k);
    }
  });
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> nearest_rows_cpu(const at::Tensor& query, const at::Tensor& bank,
                                                    std::int64_t k) {
  check(query, bank, k);
  TORCH_CHECK(query.scalar_type() == at::kFloat || query.scalar_type() == at::kDouble,
              "nearest_rows: wanted float32 or float64 on the CPU, got ", query.scalar_type());
  const at::NoGradGuard no_grad;
  auto products = at::empty({query.size(0), k}, query.options().requires_grad(false));
  auto places = at::empty({query.size(0), k}, products.options().dtype(at::kLong));
  const auto rows = query.detach().contiguous(), searched = bank.detach().contiguous();
  AT_DISPATCH_FLOATING_TYPES(query.scalar_type(), "nearest_rows",
                             [&] { search<scalar_t>(rows, searched, products, places); });
  return {products, places};
}

std::tuple<at::Tensor, at::Tensor> nearest_rows_composed(const at::Tensor& query,
                                                         const at::Tensor& bank, std::int64_t k) {
  check(query, bank, k);
  const at::NoGradGuard no_grad;
  const auto bank_t = bank.t();
  std::vector<at::Tensor> products, places;
  for (std::int64_t first = 0; first < query.size(0); first += kComposedQueries) {
    const auto rows = query.narrow(0, first, std::min(kComposedQueries, query.size(0) - first));
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    auto [values, indices] =
        rows.matmul(bank_t).nan_to_num(-kInfinity, kInfinity, -kInfinity).topk(k);
    products.push_back(values);
    places.push_back(indices);
  }
  if (products.empty())
    return {at::empty({0, k}, query.options()),
            at::empty({0, k}, query.options().dtype(at::kLong))};
  return {at::cat(products), at::cat(places)};
}

}  // namespace kith::host
