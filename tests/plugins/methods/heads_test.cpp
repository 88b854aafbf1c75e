// SPDX-License-Identifier: Apache-2.0
//
// Heads within a method: what they compute, and the gradients that reach their parameters.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <kith/harness.hpp>
#include <set>
#include <string>
#include <vector>

#include "plugins/reference.h"

namespace kith {
namespace {

using harness::Batch;
using harness::Compute;
using harness::MethodHarness;
using harness::Settings;
using reference::Matrix;

const Settings kFourFeatures{.compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1};

/// Two views of eight images, the features themselves.
Batch features_of_eight() {
  Batch batch;
  for (const double phase : {0.0, 1.0}) batch.views.push_back(reference::wave({8, 4}, phase));
  return batch;
}

/// Holds the first, the middle and the last entry of each trained parameter's gradient against the
/// central difference of the loss.
void expect_gradients_of_the_loss(MethodHarness& method) {
  constexpr double kMove = 1e-6;
  const auto batch = features_of_eight();
  const auto gradients = method.step(batch).gradients;
  double largest = 0;
  for (const auto& name : method.parameters()) {
    SCOPED_TRACE(name);
    const auto whole = method.get(name);
    const auto& gradient = gradients.at(name).numbers;
    const auto loss_with = [&](std::size_t entry, double move) {
      auto moved = whole;
      moved.numbers[entry] += move;
      method.set(name, moved);
      return method.step(batch).loss.number();
    };
    const auto count = whole.numbers.size();
    for (const auto i : std::set<std::size_t>{0, count / 2, count - 1}) {
      const double difference = (loss_with(i, kMove) - loss_with(i, -kMove)) / (2 * kMove);
      // 1e-6: rounding of a loss, 1e-15, by 2e-6, and 1e-12 / 6 of the third derivative, which a
      // temperature of 0.1 and batch norm of few rows make some 1e5.
      EXPECT_NEAR(gradient[i], difference, 1e-6) << "entry " << i;
      largest = std::max(largest, std::abs(gradient[i]));
    }
    method.set(name, whole);
  }
  EXPECT_GT(largest, 1e-3) << "nothing to tell from zero";
}

TEST(HeadGradientTest, IsTheCentralDifferenceOfTheLoss) {
  for (const std::string table :
       {R"(plugin = "byol", head_width = 5, embedding_width = 3)",
        R"(plugin = "byol", head_width = 5, embedding_width = 3, predictor = false)",
        R"(plugin = "simclr", head_layers = 1, embedding_width = 3)",
        R"(plugin = "simclr", head_layers = 2, head_width = 5, embedding_width = 3)",
        R"(plugin = "simclr", head_layers = 3, embedding_width = 3, last_norm = false)"}) {
    SCOPED_TRACE(table);
    MethodHarness method(table, kFourFeatures);
    expect_gradients_of_the_loss(method);
  }
}

/// By column; an empty shift is none.
Matrix scaled_and_shifted(Matrix x, const std::vector<double>& scale,
                          const std::vector<double>& shift = {}) {
  for (auto& row : x)
    for (std::size_t c = 0; c < row.size(); ++c)
      row[c] = row[c] * scale[c] + (shift.empty() ? 0 : shift[c]);
  return x;
}

/// The projector of SimCLR: linear without bias, batch norm and ReLU for each layer but the last,
/// which has no ReLU, and a batch norm without shift or none.
Matrix simclr_projection(const MethodHarness& method, Matrix x, int layers, bool last_norm) {
  const auto part = [&](int place, const std::string& name) {
    return method.get("method.projector." + std::to_string(place) + "." + name);
  };
  for (int layer = 0; layer < layers; ++layer) {
    const int place = 3 * layer;  // linear, batch norm, ReLU
    const bool last = layer == layers - 1;
    x = reference::linear(x, reference::matrix(part(place, "weight")));
    if (!last || last_norm)
      x = scaled_and_shifted(reference::batch_norm(x), part(place + 1, "weight").numbers,
                             last ? std::vector<double>() : part(place + 1, "bias").numbers);
    if (!last) x = reference::relu(x);
  }
  return x;
}

/// Scales and shifts of batch norm begin as 1 and 0, which hides them.
void spread_norms(MethodHarness& method) {
  for (const auto& name : method.parameters()) {
    auto values = method.get(name);
    if (values.shape.size() != 1) continue;
    for (std::size_t i = 0; i < values.numbers.size(); ++i)
      values.numbers[i] = std::cos(static_cast<double>(i + name.size()));
    method.set(name, values);
  }
}

TEST(SimClrHeadTest, ComputesTheLossOfItsFormula) {
  const auto batch = features_of_eight();
  auto both = reference::matrix(batch.views[0]);  // one batch norm over both views
  const auto second = reference::matrix(batch.views[1]);
  both.insert(both.end(), second.begin(), second.end());
  for (const int layers : {1, 2, 3})
    for (const bool last_norm : {true, false}) {
      SCOPED_TRACE(std::to_string(layers) + " layers" + (last_norm ? ", last norm" : ""));
      MethodHarness method(
          "plugin = \"simclr\", head_width = 5, embedding_width = 3, "
          "head_layers = " +
              std::to_string(layers) + ", last_norm = " + (last_norm ? "true" : "false"),
          kFourFeatures);
      spread_norms(method);
      const auto rows = reference::unit_rows(simclr_projection(method, both, layers, last_norm));
      const double expected = reference::nt_xent(rows, 0.1);
      // 1e-10: float64, sums in another order.
      EXPECT_NEAR(method.step(batch).loss.number(), expected, 1e-10);
    }
}

}  // namespace
}  // namespace kith
