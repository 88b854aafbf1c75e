// SPDX-License-Identifier: Apache-2.0
#include "operators/gathered_rows_dot.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "operators/gathered_tiles.h"
#include "tensor/with_backward.h"

namespace kith::host {
namespace {

constexpr std::int64_t kCopied = 1 << 24;  // numbers of the bank copied at a time, composed

at::Tensor products(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  return rows.is_cpu() ? gathered_dots(rows, bank, index)
                       : gathered_rows_dot_composed(rows, bank, index);
}

at::Tensor weighted_sums(const at::Tensor& weights, const at::Tensor& bank,
                         const at::Tensor& index) {
  return weights.is_cpu() ? gathered_sums(weights, bank, index)
                          : gathered_rows_sum_composed(weights, bank, index);
}

using Tensors = std::vector<at::Tensor>;

Tensors gradients(const Tensors& saved, const Tensors& arrived) {
  TORCH_CHECK(!at::GradMode::is_enabled(),
              "gathered_rows_dot: has no second derivative; wanted a backward without "
              "create_graph");
  return {weighted_sums(arrived[0].contiguous(), saved[0], saved[1])};
}

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
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  TORCH_CHECK(bank.size(0) <= kMost && index.size(1) <= kMost,
              "gathered_rows_dot: a bank and a row's places must be fewer than 2^32, got ",
              bank.sizes(), " and ", index.sizes());
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
  const auto x = rows.to(bank.scalar_type());
  const Tensors saved{bank.detach().contiguous(), index.contiguous()};
  return with_backward({x}, saved, {products(x.detach().contiguous(), saved[0], saved[1])},
                       gradients)[0];
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
