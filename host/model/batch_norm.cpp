// SPDX-License-Identifier: Apache-2.0
#include "model/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <kith/error.hpp>

#include "model/ranks.h"

namespace kith::host {
namespace {

at::Tensor plain(const BatchNormCall& c) {
  if (c.training && c.input.numel() <= c.input.size(1))
    throw ShapeError("batch norm in training needs more than one value a channel, got " +
                     c10::str(c.input.sizes()) +
                     "; a larger batch, or fewer chunks of it (train.accumulation)");
  const bool keep = c.training && !c.update;  // statistics of the batch, but the averages stay
  return at::batch_norm(c.input, c.weight, c.bias, keep ? at::Tensor() : c.running_mean,
                        keep ? at::Tensor() : c.running_var, c.training, c.momentum, c.eps,
                        at::globalContext().userEnabledCuDNN());
}

at::Tensor synchronised(const BatchNormCall& c);

bool over_ranks(const BatchNormCall& c) { return c.ranks != nullptr && c.ranks->ranks() > 1; }

/// Row n = i g + j belongs to group j: seen as [N / g, g C, ...] every group has channels of its
/// own.
at::Tensor grouped(const BatchNormCall& c) {
  const auto n = c.input.size(0), channels = c.input.size(1), g = c.groups;
  if (n % g != 0)
    throw ShapeError("the rows must be divisible by the groups, got " + std::to_string(n) +
                     " rows and " + std::to_string(g) + " groups");
  auto sizes = c.input.sizes().vec();
  sizes[0] = n / g;
  sizes[1] = g * channels;
  const auto spread = [&](const at::Tensor& t) { return t.defined() ? t.repeat({g}) : t; };
  BatchNormCall wide = c;
  wide.input = c.input.contiguous().view(sizes);
  wide.weight = spread(c.weight);
  wide.bias = spread(c.bias);
  wide.running_mean = spread(c.running_mean);
  wide.running_var = spread(c.running_var);
  const auto out = (over_ranks(c) ? synchronised(wide) : plain(wide)).view(c.input.sizes());
  if (c.update) {
    const at::NoGradGuard no_grad;
    c.running_mean.copy_(wide.running_mean.view({g, channels}).mean(0));
    c.running_var.copy_(wide.running_var.view({g, channels}).mean(0));
  }
  return out;
}

/// Statistics over all ranks, in two passes: mean, then mean squared deviation. The gradient flows
/// through both.
at::Tensor synchronised(const BatchNormCall& c) {
  const auto channels = c.input.size(1);
  std::vector<std::int64_t> over{0}, shape(static_cast<std::size_t>(c.input.dim()), 1);
  for (std::int64_t d = 2; d < c.input.dim(); ++d) over.push_back(d);
  shape[1] = channels;
  const auto count = static_cast<double>(c.input.numel() / channels) * c.ranks->ranks();
  const auto sum_over_ranks = [&](const at::Tensor& own) {
    return gather_rows(*c.ranks, own.unsqueeze(0), true).sum(0);
  };
  const auto x = c.input.scalar_type() == at::kDouble ? c.input : c.input.to(at::kFloat);
  const auto mean = sum_over_ranks(x.sum(over)) / count;
  const auto centred = x - mean.view(shape);
  const auto var = sum_over_ranks(centred.square().sum(over)) / count;
  if (c.update) {
    const at::NoGradGuard no_grad;
    c.running_mean.mul_(1 - c.momentum).add_(mean.detach(), c.momentum);
    c.running_var.mul_(1 - c.momentum)
        .add_(var.detach() * (count / std::max(count - 1, 1.0)), c.momentum);
  }
  auto out = centred * (var + c.eps).rsqrt().view(shape);
  if (c.weight.defined()) out = out * c.weight.view(shape);
  if (c.bias.defined()) out = out + c.bias.view(shape);
  return out.to(c.input.scalar_type());
}

}  // namespace

at::Tensor batch_norm(const BatchNormCall& c) {
  if (c.input.dim() < 2) throw ShapeError("wanted [N, C, ...], got " + c10::str(c.input.sizes()));
  if (!c.training) return plain(c);
  if (c.groups > 1) return grouped(c);
  return over_ranks(c) ? synchronised(c) : plain(c);
}

}  // namespace kith::host
