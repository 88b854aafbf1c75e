// SPDX-License-Identifier: Apache-2.0
#include "guards/dimension_guard.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

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
  std::vector<std::string> lines;
  const auto all = loss_rows(look.job);
  for (const auto& [whose, rows] : all) {
    const double dimensions = effective_dimensions(rows);
    if (look.step == 1) {
      first_.values[whose] = dimensions;
      continue;
    }
    const double first = first_.values[whose];
    if (dimensions > 0 && dimensions < kFew && dimensions < kFall * first)
      lines.push_back(
          fmt::format("{} in {:.1f} of {} dimensions, those of the first step in {:.1f}", whose,
                      dimensions, rows.size(1), first));
  }
  if (lines.empty() || lines.size() < all.size()) {
    since_.reset();
    return {};
  }
  if (!since_) since_ = look.step;
  if (look.step - *since_ < kPatience) return {};
  told_ = true;
  return {fmt::format(
      "collapse: from step {} to step {} the images' rows differ along little more than a line: "
      "{}; try a lower learning rate, a stronger augmentation, or look at the method's "
      "stop-gradient and predictor",
      *since_, look.step, fmt::join(lines, "; "))};
}

}  // namespace kith::host
