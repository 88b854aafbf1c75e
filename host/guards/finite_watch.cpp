// SPDX-License-Identifier: Apache-2.0
#include "guards/finite_watch.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>
#include <kith/error.hpp>

namespace kith::host {
namespace {

/// What is known of a step; on a GPU it is a float64 tensor of these numbers in this order.
struct Finding {
  double found = 0;  ///< 1: the step was not finite
  double step = 0, learning_rate = 0, loss = 0;
  double gradients = 0;  ///< how many of them were not finite
  double first = 0;      ///< the first of these
};
constexpr std::int64_t kNumbers = 6;
static_assert(sizeof(Finding) == kNumbers * sizeof(double));

/// @param names  of the gradients that Finding counts.
[[noreturn]] void stop(const Finding& f, const std::vector<std::string>& names) {
  const auto rate = fmt::format(
      "try a lower optimizer.base_lr (now {:g} at this step), a longer "
      "schedule.warmup_epochs, or ",
      f.learning_rate);
  const auto step = static_cast<std::int64_t>(f.step);
  if (!std::isfinite(f.loss))
    throw Error(
        fmt::format("training: the loss is not finite at step {} (got {}); {}train.clip_grad_norm",
                    step, f.loss, rate));
  throw Error(fmt::format(
      "training: the gradient is not finite at step {}, in {} of {} parameters, the first '{}' "
      "(the loss is {:g}); {}look for a root, logarithm or quotient at 0 in method and loss",
      step, static_cast<std::int64_t>(f.gradients), names.size(),
      names[static_cast<std::size_t>(f.first)], f.loss, rate));
}

/// One read-back a gradient, which costs nothing on a CPU.
Finding read_at_once(const std::vector<at::Tensor>& gradients) {
  Finding f;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (std::isfinite(gradients[i].sum().item<double>())) continue;
    if (f.gradients++ == 0) f.first = static_cast<double>(i);
  }
  return f;
}

/// As a tensor, without a read-back.
at::Tensor on_device(const at::Tensor& loss, const std::vector<at::Tensor>& gradients,
                     std::int64_t step, double learning_rate) {
  const auto numbers = loss.options().dtype(at::kDouble).requires_grad(false);
  const auto value = loss.detach().reshape({}).to(at::kDouble);
  const auto bad = gradients.empty() ? at::zeros({1}, numbers)
                                     : at::stack(at::_foreach_norm(gradients, 1))
                                           .isfinite()
                                           .logical_not()
                                           .to(at::kDouble);  // [gradients]
  const auto count = bad.sum();
  const auto found = count.gt(0).logical_or(value.isfinite().logical_not()).to(at::kDouble);
  return at::stack({found, at::full({}, static_cast<double>(step), numbers),
                    at::full({}, learning_rate, numbers), value, count,
                    bad.argmax().to(at::kDouble)});
}

}  // namespace

void FiniteWatch::see(const at::Tensor& loss, const std::vector<std::string>& names,
                      const std::vector<at::Tensor>& parameters, std::int64_t step,
                      double learning_rate) {
  const at::NoGradGuard no_grad;
  std::vector<std::string> with_gradient;
  std::vector<at::Tensor> gradients;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].grad().defined()) continue;
    with_gradient.push_back(names[i]);
    gradients.push_back(parameters[i].grad());
  }
  const bool reads = reading_ == Reading::kEachStep;
  if (!reads && with_gradient != names_) require();  // places are those of the old names
  names_ = std::move(with_gradient);
  if (reads && loss.is_cpu()) {
    auto finding = read_at_once(gradients);
    finding.step = static_cast<double>(step);
    finding.learning_rate = learning_rate;
    finding.loss = loss.item<double>();
    if (finding.gradients > 0 || !std::isfinite(finding.loss)) stop(finding, names_);
    return;
  }
  const auto now = on_device(loss, gradients, step, learning_rate);
  held_ = held_.defined() ? at::where(held_.select(0, 0).gt(0), held_, now) : now;
  if (reads) return require();
  skip_ = held_.select(0, 0).to(at::kFloat);
}

void FiniteWatch::require() {
  if (!held_.defined()) return;
  const auto read = held_.cpu().contiguous();
  const auto* n = read.const_data_ptr<double>();
  if (n[0] > 0) stop({n[0], n[1], n[2], n[3], n[4], n[5]}, names_);
}

}  // namespace kith::host
