// SPDX-License-Identifier: Apache-2.0
#include "sweep/markdown.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kith::host {
namespace {

/// Digits behind the point that show four significant ones.
int decimals_of(double value) {
  if (value == 0 || !std::isfinite(value)) return 1;
  return std::clamp(3 - static_cast<int>(std::floor(std::log10(std::abs(value)))), 0, 8);
}

std::string markdown_field(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '|' ? std::string("\\|") : std::string(1, c);
  return safe;
}

}  // namespace

std::string digits(double value, int count) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", count, value);
  return text;
}

std::string markdown_line(const std::vector<std::string>& fields) {
  std::string line = "|";
  for (const auto& field : fields) line += " " + markdown_field(field) + " |";
  return line + "\n";
}

std::string markdown_head(const std::vector<std::string>& titles, std::size_t words) {
  std::string text = markdown_line(titles) + "|";
  for (std::size_t i = 0; i < titles.size(); ++i) text += i < words ? "---|" : "---:|";
  return text + "\n";
}

std::string statistic_text(const std::optional<Statistic>& statistic) {
  if (!statistic) return "";
  const int count = decimals_of(statistic->mean);
  std::string text = digits(statistic->mean, count);
  if (statistic->deviation) text += " ± " + digits(*statistic->deviation, count);
  return text;
}

std::string mean_text(const std::optional<Statistic>& statistic, double factor) {
  if (!statistic) return "";
  auto scaled = *statistic;
  scaled.mean *= factor;
  scaled.deviation.reset();
  return statistic_text(scaled);
}

std::string runs_text(const SweepLine& line) {
  return std::to_string(line.done) +
         (line.failed > 0 ? ", " + std::to_string(line.failed) + " failed" : "");
}

}  // namespace kith::host
