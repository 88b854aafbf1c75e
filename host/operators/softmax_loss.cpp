// SPDX-License-Identifier: Apache-2.0
#include "operators/softmax_loss.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "operators/softmax_tiles.h"
#include "tensor/with_backward.h"

namespace kith::host {
namespace {

constexpr const char* kMasked = "masked_softmax_loss";
constexpr const char* kPaired = "paired_softmax_loss";

at::Tensor tiled(const at::Tensor& rows, const at::Tensor& candidates,
                 const std::optional<at::Tensor>& own, const at::Tensor& positive,
                 const at::Tensor& excluded, double temperature, const char* name) {
  const bool recorded = at::GradMode::is_enabled();
  const SoftmaxWanted wanted{recorded && rows.requires_grad(),
                             recorded && candidates.requires_grad(),
                             recorded && own && own->requires_grad(),
                             /*together=*/rows.is_same(candidates)};
  const auto plain = [](const at::Tensor& x) { return x.detach().contiguous(); };
  auto loss = softmax_in_tiles({plain(rows), plain(candidates), own ? plain(*own) : at::Tensor(),
                                positive, excluded, temperature},
                               wanted);
  std::vector inputs{rows, candidates};
  if (own) inputs.push_back(*own);
  return with_backward(
      inputs, {loss.rows, loss.candidates, loss.own}, {loss.value},
      [name, n = inputs.size()](const auto& saved, const auto& arrived) {
        TORCH_CHECK(!at::GradMode::is_enabled(), name,
                    ": has no second derivative on the CPU, its gradient is found in the forward "
                    "pass; wanted a backward without create_graph");
        std::vector<at::Tensor> gradients(n);
        for (std::size_t i = 0; i < n; ++i)
          if (saved[i].defined()) gradients[i] = saved[i] * arrived[0];
        return gradients;
      })[0];
}

/// float64 if all are, else float32.
at::ScalarType compute_dtype(std::initializer_list<at::Tensor> all) {
  const bool exact =
      std::all_of(all.begin(), all.end(), [](auto& x) { return x.scalar_type() == at::kDouble; });
  return exact ? at::kDouble : at::kFloat;
}

void check_real(const char* name, std::initializer_list<at::Tensor> all) {
  const auto& first = *all.begin();
  for (const auto& x : all) {
    TORCH_CHECK(x.is_floating_point(), name, ": wanted real numbers, got ", x.scalar_type());
    TORCH_CHECK((x.scalar_type() == at::kDouble) == (first.scalar_type() == at::kDouble), name,
                ": float64 goes with float64 only, got ", first.scalar_type(), " and ",
                x.scalar_type());
    TORCH_CHECK(x.device() == first.device(), name, ": all must be on one device, got ",
                first.device(), " and ", x.device());
  }
}

void check_temperature(const char* name, double temperature) {
  TORCH_CHECK(temperature > 0, name, ": temperature must be > 0, got ", temperature);
}

void check_positions(const char* what, const at::Tensor& positions, const at::Tensor& rows,
                     std::int64_t candidates) {
  TORCH_CHECK(positions.dim() == 1 && positions.size(0) == rows.size(0) &&
                  positions.scalar_type() == at::kLong && positions.device() == rows.device(),
              kMasked, ": ", what, " must be int64 [", rows.size(0), "] on ", rows.device(),
              ", got ", positions.scalar_type(), " ", positions.sizes(), " on ",
              positions.device());
  if (!positions.is_cpu()) return;
  const auto [least, most] = positions.aminmax();
  const auto low = least.item<std::int64_t>(), high = most.item<std::int64_t>();
  TORCH_CHECK(low >= 0 && high < candidates, kMasked, ": ", what, " must be in [0, ", candidates,
              "), places among the candidates, got ", low < 0 ? low : high);
}

void check_masked(const at::Tensor& rows, const at::Tensor& candidates, const at::Tensor& positive,
                  const at::Tensor& excluded, double temperature) {
  TORCH_CHECK(rows.dim() == 2 && candidates.dim() == 2 && rows.size(1) == candidates.size(1) &&
                  rows.size(0) > 0 && candidates.size(0) > 0,
              kMasked,
              ": wanted rows [N, C] and candidates [M, C] with N and M of at least 1, got ",
              rows.sizes(), " and ", candidates.sizes());
  check_real(kMasked, {rows, candidates});
  check_temperature(kMasked, temperature);
  check_positions("positive", positive, rows, candidates.size(0));
  if (!excluded.defined()) return;
  check_positions("excluded", excluded, rows, candidates.size(0));
  TORCH_CHECK(!rows.is_cpu() || !positive.eq(excluded).any().item<bool>(), kMasked,
              ": the positive of a row must not be excluded");
}

void check_paired(const at::Tensor& rows, const at::Tensor& positives, const at::Tensor& negatives,
                  double temperature) {
  TORCH_CHECK(rows.dim() == 2 && positives.sizes() == rows.sizes() && negatives.dim() == 2 &&
                  rows.size(1) == negatives.size(1) && rows.size(0) > 0 && negatives.size(0) > 0,
              kPaired,
              ": wanted rows [N, C], positives [N, C] and negatives [M, C] with N and M of at "
              "least 1, got ",
              rows.sizes(), ", ", positives.sizes(), " and ", negatives.sizes());
  check_real(kPaired, {rows, positives, negatives});
  check_temperature(kPaired, temperature);
}

/// Autocast would make the products bfloat16 again.
struct WithoutAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::autocast_dispatch_keyset};
};

}  // namespace

at::Tensor masked_softmax_loss(const at::Tensor& rows, const at::Tensor& candidates,
                               const at::Tensor& positive,
                               const std::optional<at::Tensor>& excluded, double temperature) {
  const auto hidden = excluded.value_or(at::Tensor());
  check_masked(rows, candidates, positive, hidden, temperature);
  const WithoutAutocast without_autocast;
  const auto dtype = compute_dtype({rows, candidates});
  const auto x = rows.to(dtype), y = candidates.is_same(rows) ? x : candidates.to(dtype);
  if (!x.is_cpu()) return masked_softmax_loss_composed(x, y, positive, excluded, temperature);
  return tiled(x, y, std::nullopt, positive.contiguous(),
               hidden.defined() ? hidden.contiguous() : hidden, temperature, kMasked);
}

at::Tensor paired_softmax_loss(const at::Tensor& rows, const at::Tensor& positives,
                               const at::Tensor& negatives, double temperature) {
  check_paired(rows, positives, negatives, temperature);
  const WithoutAutocast without_autocast;
  const auto dtype = compute_dtype({rows, positives, negatives});
  const auto x = rows.to(dtype), own = positives.to(dtype), y = negatives.to(dtype);
  if (!x.is_cpu()) return paired_softmax_loss_composed(x, own, y, temperature);
  return tiled(x, y, own, {}, {}, temperature, kPaired);
}

at::Tensor masked_softmax_loss_composed(const at::Tensor& rows, const at::Tensor& candidates,
                                        const at::Tensor& positive,
                                        const std::optional<at::Tensor>& excluded,
                                        double temperature) {
  auto scores = rows.matmul(candidates.t()) / temperature;  // [N, M]
  if (excluded && excluded->defined()) {
    const auto places = at::arange(candidates.size(0), positive.options());
    scores = scores.masked_fill(excluded->unsqueeze(1) == places,
                                -std::numeric_limits<double>::infinity());
  }
  return at::cross_entropy_loss(scores, positive);
}

at::Tensor paired_softmax_loss_composed(const at::Tensor& rows, const at::Tensor& positives,
                                        const at::Tensor& negatives, double temperature) {
  const auto own = (rows * positives).sum(1, true);                                 // [N, 1]
  const auto scores = at::cat({own, rows.matmul(negatives.t())}, 1) / temperature;  // [N, 1 + M]
  return at::cross_entropy_loss(scores, at::zeros({rows.size(0)}, rows.options().dtype(at::kLong)));
}

}  // namespace kith::host
