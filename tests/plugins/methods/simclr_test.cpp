// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>

#include "plugins/golden_values.h"
#include "plugins/values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Compute;
using harness::MethodHarness;
using harness::Settings;
using harness::Values;

/// Without a head the embeddings are the stub's features, and those are the views.
void check_rank(const Case& c, Compute compute, const std::string& suffix,
                const harness::Rank* rank) {
  const auto z = golden::values_of(c.input("z" + suffix));
  const auto pairs = c.integer("pairs_per_rank");
  MethodHarness method(
      "plugin = \"simclr\", head_layers = 0, loss = { plugin = \"nt_xent\", scale = \"code\", "
      "temperature = " +
          golden::exact(c.real("temperature")) + " }",
      {.compute = compute, .channels = z.shape[1], .height = 1, .width = 1, .rank = rank});
  const auto result = method.step({.views = {rows_of(z, 0, pairs), rows_of(z, pairs, pairs)}});
  golden::expect_equal(result.loss, c.output("loss" + suffix), golden::tolerance_of(compute));
  auto gradient = result.view_gradients.at(0);
  const auto& second = result.view_gradients.at(1).numbers;
  gradient.numbers.insert(gradient.numbers.end(), second.begin(), second.end());
  gradient.shape = z.shape;
  golden::expect_equal(gradient, c.output("grad_z" + suffix),
                       golden::gradient_tolerance_of(compute));
}

void check_every_case(Compute compute, const std::string& what) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("simclr, given features, " + what);
  for (const auto& c : golden::read_cases("simclr.h5")) {
    SCOPED_TRACE(c.where());
    if (c.integer("ranks") == 1) {
      check_rank(c, compute, "", nullptr);
    } else {
      harness::on_ranks(static_cast<int>(c.integer("ranks")), [&](const harness::Rank& rank) {
        check_rank(c, compute, "_r" + std::to_string(rank.index()), &rank);
      });
    }
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(SimClrTest, EqualsTheReleasedCodeOnGivenFeaturesInFloat64) {
  check_every_case(Compute::kFloat64, "float64");
}
TEST(SimClrTest, EqualsTheReleasedCodeOnGivenFeaturesInFloat32) {
  check_every_case(Compute::kFloat32, "float32");
}

// Each chunk has batch norm of its own, so the loss is another one.
TEST(SimClrTest, TakesItsBatchInChunksWhereTheHarnessIsToldTo) {
  Values images{{8, 3, 4, 4}, {}};
  for (int i = 0; i < 8 * 48; ++i) images.numbers.push_back(std::sin(0.37 * i));
  auto others = images;
  for (auto& x : others.numbers) x = std::cos(2 * x);
  const auto loss_with = [&](const std::string& train) {
    MethodHarness method(
        R"(plugin = "simclr", head_layers = 0)",
        {.compute = Compute::kFloat64, .height = 4, .width = 4, .train = train},
        {{"encoder", "plugin = \"convnet\", widths = [4], strides = [1], grid = 1"}});
    return method.step({.views = {images, others}}).loss.number();
  };
  EXPECT_NE(loss_with("accumulation = 2"), loss_with(""));
  EXPECT_EQ(loss_with("accumulation = 1"), loss_with(""));
}

TEST(SimClrTest, HasTheHeadOfTheReleasedCode) {
  // Linear without bias, batch norm, ReLU; linear without bias, batch norm with a scale and no
  // shift.
  MethodHarness method(R"(plugin = "simclr", embedding_width = 16)",
                       {.channels = 12, .height = 1, .width = 1});
  EXPECT_EQ(method.parameters(),
            (std::vector<std::string>{"method.projector.0.weight", "method.projector.1.weight",
                                      "method.projector.1.bias", "method.projector.3.weight",
                                      "method.projector.4.weight"}));
  EXPECT_EQ(method.get("method.projector.0.weight").shape, (std::vector<std::int64_t>{12, 12}));
  EXPECT_EQ(method.get("method.projector.3.weight").shape, (std::vector<std::int64_t>{16, 12}));
}

TEST(SimClrTest, AStepWithPlainSgdMovesAParameterByItsGradient) {
  const Settings settings{.compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1};
  MethodHarness method(R"(plugin = "simclr", embedding_width = 3, last_norm = false)", settings);
  const harness::Batch batch{.views = {{{2, 4}, {0.1, 0.2, -0.3, 1, 0.5, -0.4, 0.7, 0.2}},
                                       {{2, 4}, {0.2, 0.1, -0.2, 0.8, 0.4, -0.6, 0.5, 0.1}}}};
  const std::string name = "method.projector.3.weight";
  const auto before = method.get(name).numbers;
  const auto result = method.train(batch);
  const auto after = method.get(name).numbers;
  const auto& gradient = result.gradients.at(name).numbers;
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(after[i], before[i] - 0.1 * gradient[i], 1e-12);
}

TEST(SimClrTest, NamesTheInputWhereALossDoesNotFit) {
  try {
    MethodHarness method(R"(plugin = "simclr", loss = "nt_xnt")");
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'nt_xent'?"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace kith
