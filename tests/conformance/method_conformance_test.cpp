// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "conformance/shipped_plugins.h"
#include "temp_folder.h"

namespace kith::conformance {
namespace {

using harness::Batch;
using harness::MethodHarness;
using harness::Settings;

constexpr std::int64_t kSide = 8;
const harness::Encoders kEncoder{
    {"encoder",
     R"(plugin = "convnet", widths = [4, 6], strides = [2, 1], first_kernel = 3, grid = 1)"}};

class MethodConformance : public testing::TestWithParam<std::string> {
 protected:
  std::int64_t need(const std::string& name, std::int64_t otherwise) const {
    const auto found = plugin_.needs.find(name);
    return found == plugin_.needs.end() ? otherwise : std::stoll(found->second);
  }
  std::int64_t smallest_batch() const { return std::max<std::int64_t>(1, need("min_batch", 1)); }

  Settings settings(std::int64_t n) const {
    return {.height = kSide,
            .width = kSide,
            .train_images = 8 * n,
            .batch_size = n,
            .classes = 3,
            .epochs = 2,
            .optimizer = R"(kind = "sgd", base_lr = 0.05, sgd_momentum = 0.9, weight_decay = 1e-4)",
            .schedule = R"(kind = "cosine")"};
  }

  /// Random views; `step` tells batches apart.
  Batch batch(std::int64_t n, int step = 0) const {
    Batch b;
    for (std::int64_t v = 0; v < need("min_views", 1); ++v)
      b.views.push_back(normal({n, 3, kSide, kSide},
                               "view " + std::to_string(v) + " of " + std::to_string(step)));
    for (std::int64_t i = 0; i < n; ++i) {
      b.labels.push_back(i % 3);
      b.indices.push_back((i + step * n) % (8 * n));
    }
    return b;
  }

  const harness::Plugin plugin_ = find_shipped("method", GetParam());
};

TEST_P(MethodConformance, TakesAStepWithItsSmallestBatch) {
  const auto n = smallest_batch();
  MethodHarness method(plugin_.id, settings(n), kEncoder);
  const auto result = method.train(batch(n));
  EXPECT_TRUE(all_finite(result.loss));
  for (const auto& [name, gradient] : result.gradients) EXPECT_TRUE(all_finite(gradient)) << name;
  for (const auto& [name, value] : method.state()) EXPECT_TRUE(all_finite(value)) << name;
}

TEST_P(MethodConformance, SendsAGradientToEachTrainedParameter) {
  const std::int64_t n = smallest_batch() + 5;
  MethodHarness method(plugin_.id, settings(n), kEncoder);
  const auto result = method.step(batch(n));
  for (const auto& name : method.parameters()) {
    ASSERT_TRUE(result.gradients.count(name)) << name << " gets none";
    EXPECT_GT(largest(result.gradients.at(name)), 0) << name;
  }
  EXPECT_EQ(method.optimised(), method.parameters());
}

TEST_P(MethodConformance, ReadsNothingBackInAStepAndListsItsOperators) {
  const std::int64_t n = smallest_batch() + 2;
  const auto calls = harness::record_calls([&] {
    MethodHarness method(plugin_.id, settings(n), kEncoder);
    for (int step = 0; step < 3; ++step) method.train(batch(n, step));
  });
  EXPECT_EQ(calls.read_backs, 0);
  // The encoder and the loss that the method names run too.
  auto listed = plugin_.operators;
  for (const auto* kind : {"encoder", "loss"}) listed.merge(listed_operators(kind));
  expect_listed(calls.operators, listed);
}

TEST_P(MethodConformance, TakesTheSameNextStepAfterSaveAndLoad) {
  const std::int64_t n = smallest_batch() + 3;
  const host::TempFolder folder;
  MethodHarness first(plugin_.id, settings(n), kEncoder);
  for (int step = 0; step < 3; ++step) first.train(batch(n, step));
  first.save(folder / "checkpoints");
  MethodHarness second(plugin_.id, settings(n), kEncoder);
  for (const auto& name : second.parameters()) {  // so that nothing is right by chance
    auto values = second.get(name);
    for (auto& x : values.numbers) x = 0;
    second.set(name, values);
  }
  second.restore(folder / "checkpoints");
  for (int step = 3; step < 5; ++step) {
    EXPECT_EQ(first.train(batch(n, step)).loss.numbers, second.train(batch(n, step)).loss.numbers)
        << "step " << step;
  }
  const auto a = first.state(), b = second.state();
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : a)
    EXPECT_TRUE(values.numbers == b.at(name).numbers) << name << " differs";
}

TEST_P(MethodConformance, KeepsItsCopiesFromTheOptimiser) {
  const std::int64_t n = smallest_batch() + 1;
  MethodHarness method(plugin_.id, settings(n), kEncoder);
  const auto copies = method.copies(), optimised = method.optimised();
  const auto result = method.train(batch(n));
  for (const auto& name : copies) {
    EXPECT_EQ(std::count(optimised.begin(), optimised.end(), name), 0) << name;
    EXPECT_FALSE(result.gradients.count(name)) << name << " has a gradient";
  }
}

TEST_P(MethodConformance, DeclaresTheSameWhenItIsMadeAgain) {
  const auto n = smallest_batch();
  const MethodHarness first(plugin_.id, settings(n), kEncoder),
      second(plugin_.id, settings(n), kEncoder);
  const auto a = first.state(), b = second.state();
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : a)
    EXPECT_TRUE(values.numbers == b.at(name).numbers) << name << " differs";
}

TEST_P(MethodConformance, LearnsOnOneBatch) {
  const std::int64_t n = smallest_batch() + 6;
  MethodHarness method(plugin_.id, settings(n), kEncoder);
  const double before = method.train(batch(n)).loss.number();
  double after = before;
  for (int step = 1; step < 12; ++step) after = method.train(batch(n)).loss.number();
  EXPECT_LT(after, before);
}

INSTANTIATE_TEST_SUITE_P(Shipped, MethodConformance, testing::ValuesIn(shipped_ids("method")),
                         short_name);

}  // namespace
}  // namespace kith::conformance
