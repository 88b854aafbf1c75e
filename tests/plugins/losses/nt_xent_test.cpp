// SPDX-License-Identifier: Apache-2.0
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
using harness::Named;

std::string suffix(const Case& c, std::size_t rank) {
  return c.integer("ranks") == 1 ? "" : "_r" + std::to_string(rank);
}

/// Loss and gradients of all ranks of a case. The gradient with the scale "paper" is half that of
/// the code.
void check_case(const Case& c, Compute compute, const std::string& scale) {
  std::vector<Named> inputs;
  for (std::size_t r = 0; r < static_cast<std::size_t>(c.integer("ranks")); ++r)
    inputs.push_back({{"embedding", golden::values_of(c.input("z" + suffix(c, r)))}});
  const auto results = harness::run_loss(
      "plugin = \"nt_xent\", temperature = " + golden::exact(c.real("temperature")) +
          ", scale = \"" + scale + "\"",
      compute, inputs);
  for (std::size_t r = 0; r < results.size(); ++r) {
    const auto loss = (scale == "code" ? "loss" : "loss_paper") + suffix(c, r);
    golden::expect_equal(results[r].loss, c.output(loss), golden::tolerance_of(compute));
    auto gradient = results[r].gradients.at("embedding");
    for (auto& g : gradient.numbers) g *= scale == "code" ? 1 : 2;
    golden::expect_equal(gradient, c.output("grad_z" + suffix(c, r)),
                         golden::gradient_tolerance_of(compute));
  }
}

void check_every_nt_xent_case(Compute compute, const std::string& what) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("nt_xent, " + what);
  for (const auto& c : golden::read_cases("simclr.h5")) {
    SCOPED_TRACE(c.where());
    for (const auto* scale : {"code", "paper"}) check_case(c, compute, scale);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(NtXentTest, EqualsTheReleasedCodeInFloat64) {
  check_every_nt_xent_case(Compute::kFloat64, "float64");
}
TEST(NtXentTest, EqualsTheReleasedCodeInFloat32) {
  check_every_nt_xent_case(Compute::kFloat32, "float32");
}

// By hand: all rows equal, so each of the 2N - 1 candidates is as likely, and the loss is ln(2N -
// 1).
TEST(NtXentTest, EqualsTheLogarithmOfTheCandidatesWhereAllRowsAreEqual) {
  LossHarness loss("nt_xent", {.compute = Compute::kFloat64});
  const auto result = loss.run({{"embedding", {{6, 2}, std::vector<double>(12, 1.0)}}});
  EXPECT_NEAR(result.loss.number(), std::log(5.0), 1e-12);
}

TEST(NtXentTest, DoesNotDependOnTheLengthOfRows) {
  LossHarness loss("nt_xent", {.compute = Compute::kFloat64});
  const std::vector<double> rows{0.3, -1, 2, 0.5, -0.7, 0.1, 0.4, 0.9};
  auto longer = rows;
  for (auto& x : longer) x *= 7;
  EXPECT_NEAR(loss.run({{"embedding", {{4, 2}, rows}}}).loss.number(),
              loss.run({{"embedding", {{4, 2}, longer}}}).loss.number(), 1e-12);
}

TEST(NtXentTest, RefusesAnOddNumberOfRows) {
  LossHarness loss("nt_xent");
  try {
    loss.run({{"embedding", {{3, 2}, std::vector<double>(6, 1.0)}}});
    FAIL() << "nothing was thrown";
  } catch (const ShapeError& error) {
    EXPECT_NE(std::string(error.what()).find("even number of rows"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("[3,"), std::string::npos) << error.what();
  }
}

TEST(NtXentTest, RefusesATemperatureOfZeroAndNamesTheKey) {
  try {
    LossHarness loss(R"(plugin = "nt_xent", temperature = 0.0)");
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("loss.temperature"), std::string::npos)
        << error.what();
  }
}

TEST(NtXentTest, AFailureOfOneRankStopsTheOther) {
  const std::vector<Named> inputs{{{"embedding", {{4, 2}, std::vector<double>(8, 1.0)}}},
                                  {{"embedding", {{3, 2}, std::vector<double>(6, 1.0)}}}};
  try {
    harness::run_loss("nt_xent", Compute::kFloat32, inputs);
    FAIL() << "nothing was thrown";
  } catch (const ShapeError& error) {
    EXPECT_NE(std::string(error.what()).find("even number of rows"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace kith
