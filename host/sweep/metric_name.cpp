// SPDX-License-Identifier: Apache-2.0
#include "sweep/metric_name.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace kith::host {
namespace {

constexpr std::string_view kTraining = "train/";
constexpr std::string_view kUsual = "/val/trained/plain/";

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace

std::optional<std::string> metric_path(const std::string& name, const std::string& key,
                                       const SourcePlace& where, Problems& problems) {
  const auto parts = parts_of(name);
  const bool complete = std::none_of(parts.begin(), parts.end(),
                                     [](const std::string& part) { return part.empty(); });
  if (complete && parts.size() == 2)
    return name.starts_with(kTraining) ? name : parts[0] + std::string(kUsual) + parts[1];
  if (complete && parts.size() == 5 && parts[1] == "val") return name;
  if (complete && parts.size() == 5 && parts[1] == "test") {
    problems.add(key + ": a sweep compares and chooses on val, got '" + name +
                     "'; `report_test` puts numbers on test into the table",
                 where);
    return std::nullopt;
  }
  problems.add(key +
                   ": must be a metric of an evaluation, as \"knn/top1\" or in full "
                   "\"knn/val/trained/plain/top1\", or of training, as \"train/loss\", got '" +
                   one_line(name) + "'",
               where);
  return std::nullopt;
}

std::optional<std::string> of_row(const std::string& path, const std::string& row, bool centred) {
  const auto parts = parts_of(path);
  if (parts.size() != 5) return std::nullopt;
  return parts[0] + "/" + parts[1] + "/" + row + (centred ? "/centred/" : "/plain/") + parts[4];
}

std::optional<std::string> on_test(const std::string& path) {
  auto parts = parts_of(path);
  if (parts.size() != 5) return std::nullopt;
  return parts[0] + "/test/" + parts[2] + "/" + parts[3] + "/" + parts[4];
}

std::string evaluation_of(const std::string& path) {
  return path.starts_with(kTraining) ? "" : path.substr(0, path.find('/'));
}

std::string short_metric(const std::string& path) {
  const auto usual = path.find(kUsual);
  return usual == std::string::npos
             ? path
             : path.substr(0, usual) + "/" + path.substr(usual + kUsual.size());
}

}  // namespace kith::host
