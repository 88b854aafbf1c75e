// SPDX-License-Identifier: Apache-2.0
#include "guards/collapse_guard.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "guards/loss_rows.h"

namespace kith::host {
namespace {

constexpr double kGone = 0.02;  // collapsed, however it began
constexpr double kLow = 0.1;    // below what untrained features have
constexpr double kFall = 0.5;   // of what it was after the first step

}  // namespace

double relative_deviation(const at::Tensor& rows) {
  const auto unit = unit_rows(rows);
  return unit.std(0).mean().item<double>() * std::sqrt(static_cast<double>(unit.size(1)));
}

std::map<std::string, at::Tensor> CollapseGuard::rows_of(const Look& look) const {
  auto rows = loss_rows(look.job);
  if (!rows.empty()) return rows;
  auto features = FeatureReader(look.job, evaluated_).read(look.batch.views[0]);
  if (can_be_judged(features))
    rows["the output '" + evaluated_.output + "' of the encoder in role '" + evaluated_.role +
         (evaluated_.copy.empty() ? "'" : "' (copy '" + evaluated_.copy + "')")] =
        std::move(features);
  return rows;
}

bool CollapseGuard::has_collapsed(const std::string& whose, double deviation) const {
  const auto first = first_.values.find(whose);
  const bool fell = first != first_.values.end() && deviation < kFall * first->second;
  return deviation < kGone || (deviation < kLow && fell);
}

std::vector<std::string> CollapseGuard::look(const Look& look) {
  const auto verdict_from = std::min(kFirstVerdict, look.job.progress().steps);
  if (told_ || (look.step > 1 && look.step < verdict_from)) return {};
  std::vector<std::string> texts;
  for (const auto& [whose, rows] : rows_of(look)) {
    const double deviation = relative_deviation(rows);
    if (look.step == 1) first_.values[whose] = deviation;
    if (look.step < verdict_from || !has_collapsed(whose, deviation)) continue;
    told_ = true;
    const auto first = first_.values.find(whose);
    texts.push_back(fmt::format(
        "collapse: after step {} all images have nearly the same rows: {} deviate by {:.3f} / "
        "sqrt({}), where spread ones deviate by 1 / sqrt({}){}; try a lower learning rate, a "
        "stronger augmentation, or look at the method's stop-gradient and predictor",
        look.step, whose, deviation, rows.size(1), rows.size(1),
        first == first_.values.end()
            ? ""
            : fmt::format(" and those of the first step by {:.3f} / sqrt({})", first->second,
                          rows.size(1))));
  }
  return texts;
}

}  // namespace kith::host
