// SPDX-License-Identifier: Apache-2.0
#include "guards/teacher_guard.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>

namespace kith::host {
namespace {

constexpr std::int64_t kPatience = 50;  // steps

/// Whether anything that the copy follows is trained at this step.
bool follows_something(const Copy& copy, const kith_progress& now) {
  return std::any_of(copy.parameters.begin(), copy.parameters.end(), [&](const auto& pair) {
    return static_cast<double>(now.step) >= pair.first->frozen_until_step &&
           static_cast<double>(now.epoch) >= pair.first->frozen_until_epoch &&
           pair.first->lr_factor != 0;
  });
}

at::Tensor sums_of(const Copy& copy) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> sums;
  for (const auto& [from, to] : copy.parameters) sums.push_back(to->value.sum(at::kDouble));
  return at::stack(sums);
}

/// In most runs the first tensor differs already.
bool equals_source(const Copy& copy) {
  const at::NoGradGuard no_grad;
  return std::all_of(copy.parameters.begin(), copy.parameters.end(), [](const auto& pair) {
    return at::equal(pair.first->value, pair.second->value);
  });
}

}  // namespace

std::string TeacherGuard::judge(const Copy& copy, const Watch& watch, const Look& look) {
  const auto& teacher = copy.copy->prefix;
  const auto& student = copy.source->prefix;
  const double ema_momentum = schedule_value(copy.rule.ema_momentum, look.job.progress());
  if (at::equal(sums_of(copy), watch.sums))
    return fmt::format(
        "teacher: '{}' has not moved from step {} to step {}, with a learning rate above 0 (its "
        "ema_momentum is {:g}); {}",
        teacher, *watch.since, look.step, ema_momentum,
        ema_momentum >= 1 ? "try an ema_momentum below 1"
                          : "look whether its student '" + student + "' is trained");
  if (ema_momentum > 0 && equals_source(copy))
    return fmt::format(
        "teacher: '{}' equals its student '{}' after step {}, although its ema_momentum is {:g}; "
        "look whether the method writes over it, or its student is not trained",
        teacher, student, look.step, ema_momentum);
  return "";
}

std::vector<std::string> TeacherGuard::look(const Look& look) {
  std::vector<std::string> texts;
  const auto& copies = look.job.copies();
  watches_.resize(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    auto& watch = watches_[i];
    if (watch.judged) continue;
    if (look.learning_rate <= 0 || !follows_something(copies[i], look.job.progress())) {
      watch.since.reset();
    } else if (!watch.since) {
      watch.since = look.step;
      watch.sums = sums_of(copies[i]);
    } else if (look.step - *watch.since >= kPatience) {
      watch.judged = true;
      if (auto text = judge(copies[i], watch, look); !text.empty())
        texts.push_back(std::move(text));
      watch.sums.reset();
    }
  }
  return texts;
}

}  // namespace kith::host
