// SPDX-License-Identifier: Apache-2.0
#include "operators/gathered_rows_dot.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <kith/cpu_variants.hpp>
#include <vector>

namespace kith::host {
namespace {

constexpr std::int64_t kAhead = 6;         // bank rows asked for before their turn
constexpr std::int64_t kAddedUp = 64;      // bank rows to a partial sum of a gradient
constexpr std::int64_t kCopied = 1 << 24;  // numbers of the bank copied at a time, composed

/// Eight floats or four doubles; the compiler splits it where the CPU has shorter registers.
template <class T>
struct Lanes {
  using Type [[gnu::vector_size(32)]] = T;
  static constexpr std::int64_t kCount = 32 / sizeof(T);
};

/// The places of one row's bank rows, and what is asked for ahead of time.
template <class T>
struct Bank {
  const T* numbers;
  std::int64_t width;
  const std::int64_t* index;
  std::int64_t count;

  inline __attribute__((always_inline)) const T* row(std::int64_t k) const {
    const auto ahead = index[std::min(k + kAhead, count - 1)];
    const auto* line = reinterpret_cast<const char*>(numbers + ahead * width);
    for (std::int64_t at = 0; at < width * static_cast<std::int64_t>(sizeof(T)); at += 64)
      __builtin_prefetch(line + at);
    return numbers + index[k] * width;
  }
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
  const V all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  T total = 0;
  for (; i < n; ++i) total += a[i] * b[i];
  T lanes[kCount];
  std::memcpy(lanes, &all, sizeof lanes);
  for (std::int64_t width = kCount / 2; width > 0; width /= 2)
    for (std::int64_t lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  return lanes[0] + total;
}

/// sum += weight * row
template <class T>
inline __attribute__((always_inline)) void add_row(T* sum, T weight, const T* row, std::int64_t n) {
  using V = typename Lanes<T>::Type;
  constexpr auto kCount = Lanes<T>::kCount;
  std::int64_t i = 0;
  for (; i + kCount <= n; i += kCount) {
    V s, r;
    std::memcpy(&s, sum + i, sizeof s);
    std::memcpy(&r, row + i, sizeof r);
    s += weight * r;
    std::memcpy(sum + i, &s, sizeof s);
  }
  for (; i < n; ++i) sum[i] += weight * row[i];
}

template <class T>
inline __attribute__((always_inline)) void dots(const T* row, const Bank<T>& bank, T* out) {
  for (std::int64_t k = 0; k < bank.count; ++k) out[k] = dot(row, bank.row(k), bank.width);
}
KITH_CPU_VARIANTS void row_dots(const float* row, const Bank<float>& bank, float* out) {
  dots(row, bank, out);
}
KITH_CPU_VARIANTS void row_dots(const double* row, const Bank<double>& bank, double* out) {
  dots(row, bank, out);
}

template <class T>
inline __attribute__((always_inline)) void sum(const T* weights, const Bank<T>& bank, T* partial,
                                               T* out) {
  std::fill_n(out, bank.width, T{0});
  for (std::int64_t first = 0; first < bank.count; first += kAddedUp) {
    std::fill_n(partial, bank.width, T{0});
    const auto end = std::min(first + kAddedUp, bank.count);
    for (auto k = first; k < end; ++k) add_row(partial, weights[k], bank.row(k), bank.width);
    add_row(out, T{1}, partial, bank.width);
  }
}
KITH_CPU_VARIANTS void row_sum(const float* weights, const Bank<float>& bank, float* partial,
                               float* out) {
  sum(weights, bank, partial, out);
}
KITH_CPU_VARIANTS void row_sum(const double* weights, const Bank<double>& bank, double* partial,
                               double* out) {
  sum(weights, bank, partial, out);
}

/// work(n, the bank rows of row n), rows shared out over threads.
template <class T, class Work>
void for_each_row(const at::Tensor& bank, const at::Tensor& index, Work&& work) {
  const auto n = index.size(0), k = index.size(1);
  if (k == 0) return;
  const auto* numbers = bank.const_data_ptr<T>();
  const auto* places = index.const_data_ptr<std::int64_t>();
  at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) work(i, Bank<T>{numbers, bank.size(1), places + i * k, k});
  });
}

at::Tensor products(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  if (!rows.is_cpu()) return gathered_rows_dot_composed(rows, bank, index);
  auto out = at::empty(index.sizes(), rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "gathered_rows_dot", [&] {
    const auto* row = rows.const_data_ptr<scalar_t>();
    auto* product = out.data_ptr<scalar_t>();
    for_each_row<scalar_t>(bank, index, [&](std::int64_t i, const Bank<scalar_t>& of_row) {
      row_dots(row + i * of_row.width, of_row, product + i * of_row.count);
    });
  });
  return out;
}

at::Tensor weighted_sums(const at::Tensor& weights, const at::Tensor& bank,
                         const at::Tensor& index) {
  if (!weights.is_cpu()) return gathered_rows_sum_composed(weights, bank, index);
  auto out = at::zeros({index.size(0), bank.size(1)}, weights.options());
  AT_DISPATCH_FLOATING_TYPES(weights.scalar_type(), "gathered_rows_dot", [&] {
    const auto* weight = weights.const_data_ptr<scalar_t>();
    auto* gradient = out.data_ptr<scalar_t>();
    for_each_row<scalar_t>(bank, index, [&](std::int64_t i, const Bank<scalar_t>& of_row) {
      thread_local std::vector<scalar_t> partial;
      partial.resize(static_cast<std::size_t>(of_row.width));
      row_sum(weight + i * of_row.count, of_row, partial.data(), gradient + i * of_row.width);
    });
  });
  return out;
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct GatheredRowsDot : torch::autograd::Function<GatheredRowsDot> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows,
                            const at::Tensor& bank, const at::Tensor& index) {
    context->save_for_backward({bank, index});
    return products(rows.contiguous(), bank, index);
  }
  static variable_list backward(AutogradContext* context, const variable_list& arrived) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "gathered_rows_dot: has no second derivative; wanted a backward without "
                "create_graph");
    const auto saved = context->get_saved_variables();
    return {weighted_sums(arrived[0].contiguous(), saved[0], saved[1]), {}, {}};
  }
};

void check(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  TORCH_CHECK(rows.dim() == 2 && bank.dim() == 2 && index.dim() == 2 &&
                  rows.size(1) == bank.size(1) && rows.size(0) == index.size(0),
              "gathered_rows_dot: wanted rows [N, C], bank [R, C] and index [N, K], got ",
              rows.sizes(), ", ", bank.sizes(), " and ", index.sizes());
  TORCH_CHECK(rows.is_floating_point() && bank.is_floating_point(),
              "gathered_rows_dot: rows and bank must be real, got ", rows.scalar_type(), " and ",
              bank.scalar_type());
  TORCH_CHECK(index.scalar_type() == at::kLong, "gathered_rows_dot: index must be int64, got ",
              index.scalar_type());
  TORCH_CHECK(rows.device() == bank.device() && rows.device() == index.device(),
              "gathered_rows_dot: all must be on one device, got ", rows.device(), ", ",
              bank.device(), " and ", index.device());
  TORCH_CHECK(!(at::GradMode::is_enabled() && bank.requires_grad()),
              "gathered_rows_dot: the bank gets no gradient, got one that wants it; detach it");
  if (!rows.is_cpu()) return;
  TORCH_CHECK(bank.scalar_type() == at::kFloat || bank.scalar_type() == at::kDouble,
              "gathered_rows_dot: wanted a bank of float32 or float64 on the CPU, got ",
              bank.scalar_type());
  if (index.numel() == 0) return;
  const auto [least, most] = index.aminmax();
  const auto low = least.item<std::int64_t>(), high = most.item<std::int64_t>();
  TORCH_CHECK(low >= 0 && high < bank.size(0), "gathered_rows_dot: index must be in [0, ",
              bank.size(0), "), the bank's rows, got ", low < 0 ? low : high);
}

/// out of a block of rows at a time, so that no more than kCopied numbers of the bank are copied.
template <class Work>
at::Tensor in_blocks(const at::Tensor& bank, const at::Tensor& index, Work&& work) {
  const auto n = index.size(0), of_row = std::max<std::int64_t>(1, index.size(1) * bank.size(1));
  const auto block = std::max<std::int64_t>(1, kCopied / of_row);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < std::max<std::int64_t>(n, 1); first += block) {
    const auto count = std::min(block, n - first);
    const auto places = index.narrow(0, first, count);
    const auto copied = bank.index_select(0, places.flatten())
                            .view({count, index.size(1), bank.size(1)});  // [B, K, C]
    parts.push_back(work(copied, first, count));
  }
  return at::cat(parts);
}

}  // namespace

at::Tensor gathered_rows_dot(const at::Tensor& rows, const at::Tensor& bank,
                             const at::Tensor& index) {
  check(rows, bank, index);
  const c10::impl::ExcludeDispatchKeyGuard without_autocast(c10::autocast_dispatch_keyset);
  return GatheredRowsDot::apply(rows.to(bank.scalar_type()), bank.detach().contiguous(),
                                index.contiguous());
}

at::Tensor gathered_rows_dot_composed(const at::Tensor& rows, const at::Tensor& bank,
                                      const at::Tensor& index) {
  const at::NoGradGuard no_grad;
  return in_blocks(bank, index,
                   [&](const at::Tensor& copied, std::int64_t first, std::int64_t count) {
                     return copied.bmm(rows.narrow(0, first, count).unsqueeze(2)).squeeze(2);
                   });
}

at::Tensor gathered_rows_sum_composed(const at::Tensor& weights, const at::Tensor& bank,
                                      const at::Tensor& index) {
  const at::NoGradGuard no_grad;
  return in_blocks(bank, index,
                   [&](const at::Tensor& copied, std::int64_t first, std::int64_t count) {
                     return weights.narrow(0, first, count).unsqueeze(1).bmm(copied).squeeze(1);
                   });
}

}  // namespace kith::host
