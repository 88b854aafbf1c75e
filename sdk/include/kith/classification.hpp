// SPDX-License-Identifier: Apache-2.0
//
// For evaluations that classify: rows by class, few labels, the share of right answers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <kith/error.hpp>
#include <kith/option.hpp>
#include <kith/random.hpp>
#include <kith/tensor.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// The option `labels_per_class`: one result for each of its numbers, with so many of the bank's
/// rows of each class; 0 means all of them. [any thread]
constexpr Option labels_per_class() {
  return integers("labels_per_class", 0, 100, 10)
      .range(0, 1000000)
      .length(1, 8)
      .help("bank rows of each class; 0: all of them");
}

/// Positions by class, rising: element c has the rows whose label is c. [any thread]
///
/// @param labels   int64 [M], contiguous on the CPU, in [0, classes).
/// @param whose    "bank" or "query", for the error.
/// @throws DataError  names the first label outside the range.
inline std::vector<std::vector<std::int64_t>> rows_of_classes(const Tensor& labels,
                                                              std::int64_t classes,
                                                              std::string_view whose = "bank") {
  std::vector<std::vector<std::int64_t>> of_class(static_cast<std::size_t>(classes));
  const auto* label = labels.data<std::int64_t>();
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    if (label[i] < 0 || label[i] >= classes)
      throw DataError("labels of the " + std::string(whose) + " must be in [0, " +
                      std::to_string(classes) + "), got " + std::to_string(label[i]) + " in row " +
                      std::to_string(i));
    of_class[static_cast<std::size_t>(label[i])].push_back(i);
  }
  return of_class;
}

/// Positions as a tensor, int64 [n] on the CPU.
inline Tensor as_rows(const std::vector<std::int64_t>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  return from_data(rows.data(), Dtype::kInt64, Ints(&count, 1));
}

/// Puts the rows of each class into an order that depends on class, draw and name alone, and on no
/// seed: runs are compared on the same rows. [any thread]
inline void shuffle_classes(std::vector<std::vector<std::int64_t>>& of_class, std::int64_t draw,
                            std::string_view name) {
  DrawKey key;
  key.purpose = DrawPurpose::kEvaluation;
  key.step = static_cast<std::uint64_t>(draw);
  for (std::size_t c = 0; c < of_class.size(); ++c) {
    key.sample = c;
    Draw(key, name).shuffle(std::span<std::int64_t>(of_class[c]));
  }
}

/// Positions of n rows of each class, class by class; those of a class that has fewer are all
/// taken. Every evaluation that asks for the same draw gets the same rows. [any thread]
inline std::vector<std::int64_t> few_labels(const Tensor& labels, std::int64_t classes,
                                            std::int64_t n, std::int64_t draw) {
  auto of_class = rows_of_classes(labels, classes);
  shuffle_classes(of_class, draw, "few labels");
  std::vector<std::int64_t> chosen;
  for (const auto& rows : of_class)
    chosen.insert(chosen.end(), rows.begin(),
                  rows.begin() + std::min(n, static_cast<std::int64_t>(rows.size())));
  return chosen;
}

/// The share of rows whose class is among the n with the highest scores. [any thread]
///
/// @param scores  [N, classes]
/// @param labels  int64 [N]
inline double share_in_top(const Tensor& scores, const Tensor& labels, std::int64_t n) {
  const Tensor best = call_many<"aten::topk">(scores, n)[1];  // [N, n]
  const Tensor hits = (best == labels.unsqueeze(1)).to(Dtype::kFloat64).sum();
  return hits.contiguous().data<double>()[0] / static_cast<double>(labels.size(0));
}

}  // namespace kith
