// SPDX-License-Identifier: Apache-2.0
//
// The losses of a prediction and a target, and the in-batch instance loss, against released code.
#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>

#include "plugins/golden_values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Compute;
using harness::LossHarness;
using harness::Values;

/// weight * (loss(p1, z2) + loss(p2, z1)) and its gradients to the predictions.
void check_both_directions(const Case& c, const std::string& plugin, double weight,
                           Compute compute) {
  LossHarness loss(plugin, {.compute = compute});
  const auto run = [&](const std::string& p, const std::string& z) {
    return loss.run(
        {{"prediction", golden::values_of(c.input(p))}, {"target", golden::values_of(c.input(z))}});
  };
  const auto first = run("p1", "z2"), second = run("p2", "z1");
  const Values sum{{}, {weight * (first.loss.number() + second.loss.number())}};
  golden::expect_equal(sum, c.output("loss"), golden::tolerance_of(compute));
  for (const auto& [result, name] : {std::pair{&first, "grad_p1"}, {&second, "grad_p2"}}) {
    auto gradient = result->gradients.at("prediction");
    for (auto& g : gradient.numbers) g *= weight;
    golden::expect_equal(gradient, c.output(name), golden::gradient_tolerance_of(compute));
  }
}

void check_pairs(const std::string& file, const std::string& plugin, double weight) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally(plugin);
  for (const auto& c : golden::read_cases(file)) {
    if (c.name() != "loss") continue;
    SCOPED_TRACE(c.where());
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32})
      check_both_directions(c, plugin, weight, compute);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(NegativeCosineTest, EqualsTheReleasedCode) {
  check_pairs("simsiam.h5", "negative_cosine", 0.5);
}
TEST(NormalisedMseTest, EqualsTheReferenceCode) { check_pairs("byol.h5", "normalised_mse", 1); }

TEST(InstanceSoftmaxTest, EqualsTheReleasedCode) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("instance_softmax");
  for (const auto& c : golden::read_cases("invaspread.h5")) {
    SCOPED_TRACE(c.where());
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32}) {
      LossHarness loss(
          "plugin = \"instance_softmax\", temperature = " + golden::exact(c.real("temperature")) +
              ", negative_weight = " + golden::exact(c.real("negM")),
          {.compute = compute});
      const auto f = golden::values_of(c.input("f"));
      const auto result = loss.run({{"embedding", f}, {"reference", f}});
      golden::expect_equal(result.loss, c.output("loss"), golden::tolerance_of(compute));
      golden::expect_equal(result.gradients.at("embedding"), c.output("grad_f"),
                           golden::gradient_tolerance_of(compute));
    }
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(InstanceSoftmaxTest, RefusesRowsThatAreNoPairs) {
  LossHarness loss("instance_softmax");
  const Values rows{{5, 2}, std::vector<double>(10, 1.0)};
  try {
    loss.run({{"embedding", rows}, {"reference", rows}});
    FAIL() << "nothing was thrown";
  } catch (const ShapeError& error) {
    EXPECT_NE(std::string(error.what()).find("an even number of rows, at least 4"),
              std::string::npos)
        << error.what();
  }
}

// One negative has all of its row's share: the released code's loss is infinite there.
TEST(InstanceSoftmaxTest, IsFiniteWhereANegativeIsTheRowItself) {
  LossHarness loss(R"(plugin = "instance_softmax", temperature = 1e-4)");
  const Values rows{{4, 2}, {1, 0, 1, 0, 0, 1, 0, -1}};
  const auto result = loss.run({{"embedding", rows}, {"reference", rows}});
  EXPECT_TRUE(std::isfinite(result.loss.number()));
  for (const auto g : result.gradients.at("embedding").numbers) EXPECT_TRUE(std::isfinite(g));
}

}  // namespace
}  // namespace kith
