// SPDX-License-Identifier: Apache-2.0
#include "guards/dimension_guard.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "guards/loss_rows.h"

namespace kith::host {
namespace {

constexpr std::int64_t kPatience = 200;  // steps: a healthy run may pass through few dimensions
constexpr double kFew = 1.5;             // dimensions
constexpr double kEqual = 1e-6;          // of the squared length of a row
constexpr double kFall = 0.5;            // of what they were after the first step

}  // namespace

double effective_dimensions(const at::Tensor& rows) {
  auto unit = unit_rows(rows);
  unit -= unit.mean(0, true);
  // The products of rows have the eigenvalues of those of columns: the smaller matrix of the two.
  const auto products = unit.size(0) < unit.size(1) ? unit.matmul(unit.t()) : unit.t().matmul(unit);
  const auto sum = products.trace().item<double>();
  // Rows that are equal but for rounding.
  if (sum < kEqual * static_cast<double>(unit.size(0))) return 0;
  return sum * sum / products.square().sum().item<double>();
}

std::vector<std::string> DimensionGuard::look(const Look& look) {
  if (told_ || (look.step > 1 && look.step < kFirstVerdict) ||
      look.job.method_plugin()->has_fact("needs", "labels"))
    return {};
  std::vector<std::string> texts;
  for (const auto& [whose, rows] : loss_rows(look.job)) {
    const double dimensions = effective_dimensions(rows);
    if (look.step == 1) {
      watches_[whose].first = dimensions;
      continue;
    }
    auto& watch = watches_[whose];
    if (!(dimensions > 0 && dimensions < kFew && dimensions < kFall * watch.first)) {
      watch.since.reset();
      continue;
    }
    if (!watch.since) watch.since = look.step;
    if (look.step - *watch.since < kPatience) continue;
    told_ = true;
    texts.push_back(fmt::format(
        "collapse: from step {} to step {} the images' rows differ along little more than a line: "
        "{} in {:.1f} of {} dimensions, those of the first step in {:.1f}; try a lower learning "
        "rate, a stronger augmentation, or look at the method's stop-gradient and predictor",
        *watch.since, look.step, whose, dimensions, rows.size(1), watch.first));
  }
  return texts;
}

}  // namespace kith::host
