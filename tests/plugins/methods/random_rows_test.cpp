// SPDX-License-Identifier: Apache-2.0
//
// Every method on random unit rows in place of an encoder's features: its first loss against the
// formula, worked out here in float64, and its answer to another order of the batch.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <kith/harness.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "conformance/shipped_plugins.h"
#include "plugins/reference.h"

namespace kith {
namespace {

using harness::Batch;
using harness::Compute;
using harness::MethodHarness;
using harness::Settings;
using harness::Values;
using reference::Matrix;

constexpr std::int64_t kWidth = 128, kImages = 64;

Matrix unit_rows(std::mt19937_64& random, std::int64_t n) {
  std::normal_distribution<double> normal;
  Matrix rows(static_cast<std::size_t>(n), std::vector<double>(kWidth));
  for (auto& row : rows)
    for (auto& x : row) x = normal(random);
  return reference::unit_rows(rows);
}

/// As a memory bank begins: uniform, of unit length on average.
Matrix bank_rows(std::mt19937_64& random, std::int64_t n) {
  const double end = std::sqrt(3.0 / kWidth);
  std::uniform_real_distribution<double> uniform(-end, end);
  Matrix rows(static_cast<std::size_t>(n), std::vector<double>(kWidth));
  for (auto& row : rows)
    for (auto& x : row) x = uniform(random);
  return rows;
}

using reference::dot;

double log_sum_exp(const std::vector<double>& x) {
  double sum = 0;
  for (const auto v : x) sum += std::exp(v);
  return std::log(sum);
}

double nt_xent(std::mt19937_64& random) {
  return reference::nt_xent(unit_rows(random, 2 * kImages), 0.1);
}

constexpr std::int64_t kQueueRows = 1024;

double info_nce(std::mt19937_64& random) {
  const auto q = unit_rows(random, kImages), k = unit_rows(random, kImages),
             queue = unit_rows(random, kQueueRows);
  double loss = 0;
  for (std::size_t i = 0; i < q.size(); ++i) {
    std::vector<double> logits{dot(q[i], k[i]) / 0.07};
    for (const auto& row : queue) logits.push_back(dot(q[i], row) / 0.07);
    loss += log_sum_exp(logits) - logits[0];
  }
  return loss / kImages;
}

constexpr std::int64_t kBank = 1000, kNegatives = 512;

/// For each row: the logits of its own row of the bank and of `negatives` drawn ones, or of all.
std::vector<std::vector<double>> bank_logits(std::mt19937_64& random, double temperature,
                                             std::int64_t negatives) {
  const auto x = unit_rows(random, kImages), bank = bank_rows(random, kBank);
  std::uniform_int_distribution<std::size_t> any(0, kBank - 1);
  std::vector<std::vector<double>> logits(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    logits[i].push_back(dot(x[i], bank[i]) / temperature);
    if (negatives > 0) {
      for (std::int64_t j = 0; j < negatives; ++j)
        logits[i].push_back(dot(x[i], bank[any(random)]) / temperature);
    } else {
      for (std::size_t j = 0; j < bank.size(); ++j)
        if (j != i) logits[i].push_back(dot(x[i], bank[j]) / temperature);
    }
  }
  return logits;
}

double softmax_over_bank(std::mt19937_64& random, std::int64_t negatives) {
  double loss = 0;
  for (const auto& row : bank_logits(random, 0.07, negatives)) loss += log_sum_exp(row) - row[0];
  return loss / kImages;
}

double nce(std::mt19937_64& random) {
  const auto logits = bank_logits(random, 0.07, kNegatives);
  double mean = 0;
  for (const auto& row : logits)
    for (const auto v : row) mean += std::exp(v) / (kImages * (kNegatives + 1.0));
  const double z = mean * kBank, noise = static_cast<double>(kNegatives) / kBank;
  double loss = 0;
  for (const auto& row : logits)
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double p = std::exp(row[j]) / z;
      loss -= std::log((j == 0 ? p : noise) / (p + noise + 1e-7));
    }
  return loss / kImages;
}

double instance_softmax(std::mt19937_64& random) {
  const auto x = unit_rows(random, 2 * kImages);
  double loss = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double z = 0;
    for (std::size_t j = 0; j < x.size(); ++j)
      if (j != i) z += std::exp(dot(x[i], x[j]) / 0.1);
    const auto partner = (i + kImages) % x.size();
    loss -= std::log(std::exp(dot(x[i], x[partner]) / 0.1) / z);
    for (std::size_t j = 0; j < x.size(); ++j)
      if (j != i && j != partner) loss -= std::log(1 - std::exp(dot(x[i], x[j]) / 0.1) / z);
  }
  return loss / static_cast<double>(x.size());
}

double two_cosines(std::mt19937_64& random) {
  double sum = 0;
  for (int direction = 0; direction < 2; ++direction)
    sum += reference::mean_cosine(unit_rows(random, kImages), unit_rows(random, kImages));
  return sum;
}

constexpr std::int64_t kClassCount = 10;

/// A linear classifier as it begins: weights and biases uniform in +-1/sqrt(width).
double linear_classifier(std::mt19937_64& random) {
  const double end = 1 / std::sqrt(static_cast<double>(kWidth));
  std::uniform_real_distribution<double> uniform(-end, end);
  Matrix weight(kClassCount, std::vector<double>(kWidth));
  std::vector<double> bias(kClassCount);
  for (auto& row : weight)
    for (auto& w : row) w = uniform(random);
  for (auto& b : bias) b = uniform(random);
  const auto logits = reference::linear(unit_rows(random, kImages), weight, bias);
  double loss = 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    loss += log_sum_exp(logits[i]) - logits[i][i % kClassCount];
  return loss / kImages;
}

struct FirstLoss {
  std::string name, table;
  int views;
  std::function<double(std::mt19937_64&)> reference;
};

std::vector<FirstLoss> first_losses() {
  const std::string bank =
      "plugin = \"instdisc\", head_layers = 0, negatives = " + std::to_string(kNegatives) +
      ", classifier = ";
  return {
      {"simclr", R"(plugin = "simclr", head_layers = 0)", 2, nt_xent},
      {"moco", "plugin = \"moco\", head_layers = 0, queue_size = " + std::to_string(kQueueRows), 2,
       info_nce},
      {"instdisc nce", bank + "\"nce\"", 1, nce},
      {"instdisc softmax", bank + "\"softmax\"", 1,
       [](auto& random) { return softmax_over_bank(random, kNegatives); }},
      {"instdisc full", bank + "\"full\"", 1,
       [](auto& random) { return softmax_over_bank(random, 0); }},
      {"invaspread", R"(plugin = "invaspread", head_layers = 0)", 2, instance_softmax},
      {"byol", "byol", 2, [](auto& random) { return 4 - 2 * two_cosines(random); }},
      {"simsiam", "simsiam", 2, [](auto& random) { return -0.5 * two_cosines(random); }},
      {"supervised", "supervised", 1, linear_classifier},
  };
}

/// The method of a table: `plugin = "moco", ...`, or a name alone.
std::string method_of(const std::string& table) {
  const auto begin = table.find('"');
  if (begin == std::string::npos) return table;
  return table.substr(begin + 1, table.find('"', begin + 1) - begin - 1);
}

std::set<std::string> shipped_methods() {
  std::set<std::string> names;
  for (const auto& method : conformance::shipped("method")) names.insert(method.name);
  return names;
}

TEST(FirstLossTest, HasAFormulaForEveryMethodThatShips) {
  std::set<std::string> names;
  for (const auto& m : first_losses()) names.insert(method_of(m.table));
  EXPECT_EQ(names, shipped_methods());
}

Values values(const Matrix& rows) {
  Values v{{static_cast<std::int64_t>(rows.size()), kWidth}, {}};
  for (const auto& row : rows) v.numbers.insert(v.numbers.end(), row.begin(), row.end());
  return v;
}

Settings stub(std::int64_t batch) {
  return {.compute = Compute::kFloat64,
          .channels = kWidth,
          .height = 1,
          .width = 1,
          .train_images = kBank,
          .batch_size = batch,
          .classes = kClassCount};
}

// The rows of one batch are one draw; it lies near the mean of twenty draws.
TEST(FirstLossTest, IsThatOfTheFormulaOnIndependentRows) {
  for (const auto& m : first_losses()) {
    SCOPED_TRACE(m.name);
    std::mt19937_64 random(7);
    double mean = 0;
    for (int draw = 0; draw < 20; ++draw) mean += m.reference(random) / 20;
    MethodHarness method(m.table, stub(kImages));
    Batch batch;
    for (int v = 0; v < m.views; ++v) batch.views.push_back(values(unit_rows(random, kImages)));
    for (std::int64_t i = 0; i < kImages; ++i) batch.labels.push_back(i % kClassCount);
    const double tolerance = std::abs(mean) < 0.1 ? 0.03 : 0.03 * std::abs(mean);
    EXPECT_NEAR(method.step(batch).loss.number(), mean, tolerance);
  }
}

/// The rows of a batch in reverse order.
Values reversed(const Values& x) {
  Values y{x.shape, {}, x.kind};
  for (auto row = x.shape[0] - 1; row >= 0; --row)
    y.numbers.insert(y.numbers.end(), x.numbers.begin() + row * x.shape[1],
                     x.numbers.begin() + (row + 1) * x.shape[1]);
  return y;
}

constexpr std::int64_t kFew = 6, kDrawn = 5;  // images; rows drawn for each

constexpr const char* kReordered[] = {
    "simclr",
    "byol",
    "simsiam",
    "invaspread",
    R"(plugin = "moco", queue_size = 12)",
    R"(plugin = "instdisc", classifier = "nce", negatives = 5)",
    R"(plugin = "instdisc", classifier = "softmax", negatives = 5)",
    R"(plugin = "instdisc", classifier = "full")",
    "supervised"};

TEST(BatchOrderTest, AsksEveryMethodThatShips) {
  std::set<std::string> names;
  for (const std::string table : kReordered) names.insert(method_of(table));
  EXPECT_EQ(names, shipped_methods());
}

/// Rows of a bank for each image of a batch.
Values drawn_rows(std::mt19937_64& random) {
  std::uniform_int_distribution<std::int64_t> any(0, kBank - 1);
  Values drawn{{kFew, kDrawn}, {}, harness::Number::kWhole};
  for (std::int64_t i = 0; i < kFew * kDrawn; ++i)
    drawn.numbers.push_back(static_cast<double>(any(random)));
  return drawn;
}

// Draws belong to places of the batch, so those of a method that draws are given, in the same
// order as the images.
TEST(BatchOrderTest, AnotherOrderGivesTheSameLossAndTheGradientsInThatOrder) {
  for (const std::string table : kReordered) {
    SCOPED_TRACE(table);
    const auto name = method_of(table);
    const int views = name == "supervised" || name == "instdisc" ? 1 : 2;
    std::mt19937_64 random(3);
    Batch batch, other;
    for (int v = 0; v < views; ++v) {
      batch.views.push_back(values(unit_rows(random, kFew)));
      other.views.push_back(reversed(batch.views.back()));
    }
    for (std::int64_t i = 0; i < kFew; ++i) {
      batch.indices.push_back(10 * i);
      batch.labels.push_back(i % 3);
    }
    other.indices.assign(batch.indices.rbegin(), batch.indices.rend());
    other.labels.assign(batch.labels.rbegin(), batch.labels.rend());
    MethodHarness first(table, stub(kFew)), second(table, stub(kFew));
    const auto negatives = drawn_rows(random);
    first.replace_draw("negatives", negatives);
    second.replace_draw("negatives", reversed(negatives));
    const auto a = first.step(batch), b = second.step(other);
    EXPECT_NEAR(a.loss.number(), b.loss.number(), 1e-9);
    for (std::size_t v = 0; v < batch.views.size(); ++v) {
      const auto expected = reversed(a.view_gradients[v]);
      double largest = 0;
      for (std::size_t i = 0; i < expected.numbers.size(); ++i)
        largest = std::max(largest, std::abs(expected.numbers[i] - b.view_gradients[v].numbers[i]));
      EXPECT_LT(largest, 1e-9) << "view " << v;
    }
  }
}

}  // namespace
}  // namespace kith
