// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "conformance/shipped_plugins.h"
#include "temp_folder.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::EncoderHarness;
using harness::Mode;
using harness::Named;
using harness::Settings;
using harness::Values;

constexpr std::int64_t kImages = 4, kSide = 32;

Settings small() { return {.height = kSide, .width = kSide}; }

Values images() { return normal({kImages, 3, kSide, kSide}, "images"); }

/// The images in another order: those of 2, 0, 3, 1.
const std::vector<std::size_t> kOrder{2, 0, 3, 1};
Values permuted(const Values& rows) {
  auto moved = rows;
  const auto size = rows.numbers.size() / kOrder.size();
  for (std::size_t i = 0; i < kOrder.size(); ++i)
    std::copy_n(rows.numbers.begin() + static_cast<std::ptrdiff_t>(kOrder[i] * size), size,
                moved.numbers.begin() + static_cast<std::ptrdiff_t>(i * size));
  return moved;
}

/// Random weights of all outputs, so that the loss depends on each of their numbers.
Named weights_for(const Named& outputs) {
  Named weights;
  for (const auto& [name, values] : outputs)
    weights[name] = normal(values.shape, "weights of " + name);
  return weights;
}

/// Two steps of gradient descent; the outputs after them in evaluation mode.
Named train_a_little(EncoderHarness& encoder) {
  const auto weights = weights_for(encoder.run(images(), Mode::kEvaluation));
  for (int step = 0; step < 2; ++step) {
    const auto gradients = encoder.gradients(images(), weights);
    for (const auto& name : encoder.parameters()) {
      const auto found = gradients.find(name);
      if (found == gradients.end()) continue;
      auto values = encoder.get(name);
      for (std::size_t i = 0; i < values.numbers.size(); ++i)
        values.numbers[i] -= 1e-4 * found->second.numbers[i];
      encoder.set(name, values);
    }
  }
  return encoder.run(images(), Mode::kEvaluation);
}

void expect_same(const Named& a, const Named& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : a)
    EXPECT_TRUE(values.numbers == b.at(name).numbers) << name << " differs";
}

class EncoderConformance : public testing::TestWithParam<std::string> {
 protected:
  const harness::Plugin plugin_ = find_shipped("encoder", GetParam());
};

TEST_P(EncoderConformance, HasItsDeclaredOutputsWithTheirDimensions) {
  EncoderHarness encoder(plugin_.id, small());
  const auto outputs = encoder.run(images(), Mode::kEvaluation);
  EXPECT_TRUE(outputs.count("features"));
  for (const auto& part : plugin_.outputs) {
    ASSERT_TRUE(outputs.count(part.name)) << part.name;
    const auto& values = outputs.at(part.name);
    std::istringstream words(part.shape);
    std::size_t dimensions = 0;
    for (std::string word; words >> word;) ++dimensions;
    EXPECT_EQ(values.shape.size(), dimensions) << part.name << " is declared as " << part.shape;
    EXPECT_EQ(values.shape[0], kImages) << part.name;
    EXPECT_TRUE(all_finite(values)) << part.name;
  }
}

TEST_P(EncoderConformance, DeclaresTheSameWhenItIsMadeAgain) {
  const EncoderHarness first(plugin_.id, small()), second(plugin_.id, small());
  ASSERT_EQ(first.parameters(), second.parameters());
  EXPECT_EQ(first.buffers(), second.buffers());
  for (const auto& name : first.parameters())
    EXPECT_TRUE(first.get(name).numbers == second.get(name).numbers) << name;
}

TEST_P(EncoderConformance, IsDeterministicInEvaluationAndLeavesItsBuffers) {
  EncoderHarness encoder(plugin_.id, small());
  std::map<std::string, std::vector<double>> before;
  for (const auto& name : encoder.buffers()) before[name] = encoder.get(name).numbers;
  const auto first = encoder.run(images(), Mode::kEvaluation);
  expect_same(first, encoder.run(images(), Mode::kEvaluation));
  for (const auto& [name, numbers] : before)
    EXPECT_TRUE(encoder.get(name).numbers == numbers) << name << " moved";
}

TEST_P(EncoderConformance, TreatsEachImageAloneInEvaluation) {
  EncoderHarness encoder(plugin_.id, small());
  encoder.run(images(), Mode::kTraining);  // running averages that are not their first values
  const auto straight = encoder.run(images(), Mode::kEvaluation);
  const auto moved = encoder.run(permuted(images()), Mode::kEvaluation);
  for (const auto& [name, values] : straight) {
    const auto expected = permuted(values).numbers;
    const auto& actual = moved.at(name).numbers;
    const double tolerance =
        1e-5 * (1 + largest(values));  // float32; blocks of a matrix product differ
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(actual[i], expected[i], tolerance) << name;
  }
}

TEST_P(EncoderConformance, GivesEachParameterAGradient) {
  EncoderHarness encoder(plugin_.id, small());
  const auto gradients =
      encoder.gradients(images(), weights_for(encoder.run(images(), Mode::kEvaluation)));
  for (const auto& name : encoder.parameters()) {
    ASSERT_TRUE(gradients.count(name)) << name << " gets none";
    EXPECT_TRUE(all_finite(gradients.at(name))) << name;
    EXPECT_GT(largest(gradients.at(name)), 0) << name;
  }
  EXPECT_GT(largest(gradients.at("images")), 0);
}

TEST_P(EncoderConformance, TrainsTwiceFromTheSameStateToTheSameNumbers) {
  EncoderHarness first(plugin_.id, small()), second(plugin_.id, small());
  expect_same(train_a_little(first), train_a_little(second));
}

TEST_P(EncoderConformance, GoesOnAlikeAfterSaveAndLoad) {
  const host::TempFolder folder;
  EncoderHarness first(plugin_.id, small());
  train_a_little(first);
  first.save(folder / "encoder.safetensors");
  auto other = small();
  other.seed = 5;
  EncoderHarness second(plugin_.id, other);
  second.load(folder / "encoder.safetensors");
  expect_same(train_a_little(first), train_a_little(second));
}

TEST_P(EncoderConformance, ComputesInFloat64WhereAsked) {
  auto exact = small();
  exact.compute = Compute::kFloat64;
  EncoderHarness encoder(plugin_.id, exact), rounded(plugin_.id, small());
  const auto a = encoder.run(images(), Mode::kEvaluation),
             b = rounded.run(images(), Mode::kEvaluation);
  for (const auto& [name, values] : a) {
    const double tolerance = 1e-4 * (1 + largest(values));  // float32 over all layers
    for (std::size_t i = 0; i < values.numbers.size(); ++i)
      ASSERT_NEAR(values.numbers[i], b.at(name).numbers[i], tolerance) << name;
  }
}

TEST_P(EncoderConformance, ListsTheOperatorsThatItCallsAndReadsNothingBack) {
  EncoderHarness encoder(plugin_.id, small());
  const auto calls = harness::record_calls([&] {
    encoder.run(images(), Mode::kTraining);
    encoder.run(images(), Mode::kEvaluation);
  });
  expect_listed(calls.operators, plugin_.operators);
  EXPECT_EQ(calls.read_backs, 0);
}

INSTANTIATE_TEST_SUITE_P(Shipped, EncoderConformance, testing::ValuesIn(shipped_ids("encoder")),
                         short_name);

}  // namespace
}  // namespace kith::conformance
