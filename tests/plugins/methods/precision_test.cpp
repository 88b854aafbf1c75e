// SPDX-License-Identifier: Apache-2.0
//
// A step with `precision = "bf16"`: networks compute in bfloat16, losses in float32.
#include <gtest/gtest.h>

#include <cmath>
#include <kith/harness.hpp>

#include "conformance/shipped_plugins.h"

namespace kith {
namespace {

using harness::Batch;
using harness::MethodHarness;
using harness::Settings;
using harness::StepResult;
using harness::Values;

constexpr std::int64_t kBatchImages = 8;

/// Numbers in [-1, 1] without a pattern that repeats in a row.
Values waves(std::vector<std::int64_t> shape, double phase) {
  Values v{std::move(shape), {}};
  std::int64_t count = 1;
  for (const auto size : v.shape) count *= size;
  for (std::int64_t i = 0; i < count; ++i)
    v.numbers.push_back(std::sin(0.7 * static_cast<double>(i * i % 1013) + phase));
  return v;
}

Batch batch_of(const std::vector<std::int64_t>& shape, std::int64_t views) {
  Batch batch;
  for (std::int64_t v = 0; v < views; ++v)
    batch.views.push_back(waves(shape, static_cast<double>(v)));
  for (std::int64_t i = 0; i < kBatchImages; ++i) batch.labels.push_back(i % 3);
  return batch;
}

StepResult step_with(const std::string& precision, const std::string& table, Settings settings,
                     const Batch& batch, const std::string& encoder) {
  settings.batch_size = kBatchImages;
  settings.classes = 3;
  settings.train = "precision = \"" + precision + "\"";
  MethodHarness method(table, settings, {{"encoder", encoder}});
  return method.train(batch);
}

void expect_finite(const StepResult& result) {
  EXPECT_TRUE(std::isfinite(result.loss.number()));
  for (const auto& [name, gradient] : result.gradients)
    for (const auto g : gradient.numbers) ASSERT_TRUE(std::isfinite(g)) << name;
}

/// All methods, and each with its choices: some have a loss of their own.
std::vector<std::pair<std::string, std::int64_t>> tables() {
  std::vector<std::pair<std::string, std::int64_t>> all;
  for (const auto& method : conformance::shipped("method")) {
    const auto views = std::stoll(method.needs.at("min_views"));
    all.emplace_back("plugin = \"" + method.id + '"', views);
    for (const auto& table : method.tables_at_choices) all.emplace_back(table, views);
  }
  return all;
}

// bfloat16 has 8 bits: what a network gives is off by parts in 2^8, and batch norm of few rows
// makes more of it.
TEST(PrecisionTest, AStepInBfloat16IsFiniteAndNearThatInFloat32) {
  const std::string encoder =
      R"(plugin = "convnet", widths = [8], strides = [2], first_kernel = 3, grid = 1)";
  ASSERT_GE(tables().size(), 10U);
  for (const auto& [table, views] : tables()) {
    SCOPED_TRACE(table);
    const auto batch = batch_of({kBatchImages, 3, 8, 8}, views);
    const auto wide = step_with("float32", table, {}, batch, encoder);
    const auto narrow = step_with("bf16", table, {}, batch, encoder);
    expect_finite(narrow);
    EXPECT_NE(narrow.loss.number(), wide.loss.number()) << "nothing was computed in bfloat16";
    EXPECT_NEAR(narrow.loss.number(), wide.loss.number(),
                0.05 * std::abs(wide.loss.number()) + 0.05);
  }
}

/// Methods that may have no head, so that nothing but the loss computes.
constexpr const char* kBare[] = {
    R"(plugin = "simclr", head_layers = 0)",
    R"(plugin = "moco", head_layers = 0, queue_size = 64)",
    R"(plugin = "invaspread", head_layers = 0)",
    R"(plugin = "instdisc", head_layers = 0, classifier = "nce", negatives = 16)",
    R"(plugin = "instdisc", head_layers = 0, classifier = "softmax", negatives = 16)",
    R"(plugin = "instdisc", head_layers = 0, classifier = "full")"};

TEST(PrecisionTest, LossesComputeInFloat32) {
  const Settings stub{.channels = 16, .height = 1, .width = 1};
  for (const std::string table : kBare) {
    SCOPED_TRACE(table);
    const auto batch =
        batch_of({kBatchImages, 16}, table.find("instdisc") == std::string::npos ? 2 : 1);
    const auto wide = step_with("float32", table, stub, batch, "");
    const auto narrow = step_with("bf16", table, stub, batch, "");
    EXPECT_EQ(narrow.loss.number(), wide.loss.number());
    for (std::size_t v = 0; v < batch.views.size(); ++v)
      EXPECT_EQ(narrow.view_gradients[v].numbers, wide.view_gradients[v].numbers) << "view " << v;
  }
}

// 1 - 2^-23 is 1 in bfloat16, and the logarithm of 1 minus it infinite.
TEST(PrecisionTest, ANegativeWithAllOfARowsShareIsNoInfinityInBfloat16) {
  const Settings stub{.channels = 2, .height = 1, .width = 1};
  Values same{{kBatchImages, 2}, {}}, other{{kBatchImages, 2}, {}};
  for (std::int64_t i = 0; i < kBatchImages; ++i) {
    same.numbers.insert(same.numbers.end(), {i < 2 ? 1.0 : 0.0, i < 2 ? 0.0 : -1.0});
    other.numbers.insert(other.numbers.end(), {0, 1});
  }
  expect_finite(step_with(
      "bf16",
      R"(plugin = "invaspread", head_layers = 0, loss = { plugin = "instance_softmax", temperature = 1e-4 })",
      stub, {.views = {same, other}}, ""));
}

}  // namespace
}  // namespace kith
