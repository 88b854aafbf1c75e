// SPDX-License-Identifier: Apache-2.0
#include "eval/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kith::host {
namespace {

std::string row_title(const std::string& row) {
  return row == "pixels" ? "raw pixels" : row + " encoder";
}

/// "top1" -> "knn top1, all labels", "top1_10_labels" -> "knn top1, 10 labels a class".
std::string column_title(const Result& r) {
  const auto at = r.metric.find('_');
  if (at != std::string::npos && r.metric.ends_with("_labels"))
    return r.metric.substr(0, at) + ", " + r.metric.substr(at + 1, r.metric.size() - at - 8) +
           " labels a class";
  return r.metric;
}

std::string value_text(const Result& r) {
  return r.unit == "fraction" ? fmt::format("{:.1f} %", 100 * r.value)
                              : fmt::format("{:.4g}", r.value);
}

template <class T, class F>
std::vector<T> distinct(const std::vector<Result>& results, F of) {
  std::vector<T> found;
  for (const auto& r : results)
    if (std::find(found.begin(), found.end(), of(r)) == found.end()) found.push_back(of(r));
  return found;
}

std::optional<double> value_of(const std::vector<Result>& results, const std::string& row,
                               const std::string& metric) {
  for (const auto& r : results)
    if (r.row == row && r.metric == metric && !r.centred) return r.value;
  return std::nullopt;
}

std::string one_table(const std::vector<Result>& results) {
  const auto metrics = distinct<std::string>(results, [](const Result& r) { return r.metric; });
  std::string text = fmt::format("{} on {}", results[0].evaluation, results[0].split);
  std::string head = fmt::format("  {:<28}", "");
  for (const auto& metric : metrics) {
    const auto r = std::find_if(results.begin(), results.end(),
                                [&](const Result& x) { return x.metric == metric; });
    head += fmt::format("{:>26}", column_title(*r));
  }
  text += "\n" + head + "\n";
  for (const auto& row : distinct<std::string>(results, [](const Result& r) { return r.row; })) {
    for (const bool centred : {false, true}) {
      if (std::none_of(results.begin(), results.end(),
                       [&](const Result& x) { return x.row == row && x.centred == centred; }))
        continue;
      text += fmt::format("  {:<28}", row_title(row) + (centred ? ", centred" : ""));
      for (const auto& metric : metrics) {
        const auto r = std::find_if(results.begin(), results.end(), [&](const Result& x) {
          return x.row == row && x.centred == centred && x.metric == metric;
        });
        text += fmt::format("{:>26}", r == results.end() ? "" : value_text(*r));
      }
      text += "\n";
    }
  }
  return text;
}

/// The results of each evaluation, in their order.
std::vector<std::vector<Result>> by_evaluation(const std::vector<Result>& results) {
  std::vector<std::vector<Result>> all;
  for (const auto& name :
       distinct<std::string>(results, [](const Result& r) { return r.evaluation; })) {
    auto& own = all.emplace_back();
    for (const auto& r : results)
      if (r.evaluation == name) own.push_back(r);
  }
  return all;
}

/// Of one evaluation; empty where it has no fraction for each of the rows.
std::string sentence_of(const std::vector<Result>& results) {
  // The metric with the fewest labels says most about the features; it is reported last.
  auto shown = results.back();
  const auto pixels = value_of(results, "pixels", shown.metric),
             untrained = value_of(results, "untrained", shown.metric),
             trained = value_of(results, "trained", shown.metric);
  if (shown.unit != "fraction" || !pixels || !untrained || !trained) return "";
  const auto against = [](double a, double b) {
    return fmt::format("{:.1f} points {}", std::abs(100 * (a - b)), a >= b ? "above" : "below");
  };
  shown.value = *trained;
  return fmt::format(
      "On images that it never saw ({}), the trained encoder reaches {} ({}, {}): {} raw pixels "
      "and "
      "{} the same encoder untrained.",
      shown.split, value_text(shown), shown.evaluation, column_title(shown),
      against(*trained, *pixels), against(*trained, *untrained));
}

}  // namespace

std::string result_table(const std::vector<Result>& results) {
  std::string text;
  for (const auto& own : by_evaluation(results)) text += one_table(own);
  return text;
}

std::string result_sentence(const std::vector<Result>& results) {
  for (const auto& own : by_evaluation(results))
    if (auto sentence = sentence_of(own); !sentence.empty()) return sentence;
  return "";
}

}  // namespace kith::host
