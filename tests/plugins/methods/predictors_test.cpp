// SPDX-License-Identifier: Apache-2.0
//
// BYOL and SimSiam: methods with a predictor and no negatives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <kith/harness.hpp>
#include <string>

#include "plugins/golden_values.h"
#include "plugins/reference.h"
#include "plugins/values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Batch;
using harness::Compute;
using harness::MethodHarness;
using harness::Values;

const Batch kTwoViews{.views = {{{3, 4}, {0.1, 0.2, -0.3, 1, 0.5, -0.4, 0.7, 0.2, 1, 2, 3, -1}},
                                {{3, 4}, {0.2, 0.1, -0.2, 0.8, 0.4, -0.6, 0.5, 0.1, 2, 1, 2, -1}}}};

/// The rate of averaging at each step, and the target after it, for an online network that is given
/// anew before each.
void check_target(const Case& c, Compute compute) {
  const auto steps = c.integer("steps");
  const auto online = golden::values_of(c.input("online_weight_s0"));
  MethodHarness method("plugin = \"byol\", head_width = " + std::to_string(online.shape[0]) +
                           ", embedding_width = 2, ema_momentum = { kind = \"cosine\", "
                           "start = " +
                           golden::exact(c.real("tau0")) + ", end = 1.0 }",
                       {.compute = compute,
                        .channels = online.shape[1],
                        .height = 1,
                        .width = 1,
                        .train_images = 3 * steps,
                        .batch_size = 3,
                        .optimizer = R"(kind = "sgd", base_lr = 0, sgd_momentum = 0)"});
  const std::string names[] = {"weight", "bias"};
  for (const auto& part : names)
    method.set("method.projector@target.0." + part, golden::values_of(c.input("target_" + part)));
  for (std::int64_t s = 0; s < steps; ++s) {
    SCOPED_TRACE("step " + std::to_string(s));
    const auto at = "_s" + std::to_string(s);
    for (const auto& part : names)
      method.set("method.projector.0." + part, golden::values_of(c.input("online_" + part + at)));
    method.train(kTwoViews);
    for (const auto& part : names)
      golden::expect_equal(method.get("method.projector@target.0." + part),
                           c.output("state_target_" + part + at), golden::tolerance_of(compute));
  }
}

TEST(ByolTest, MovesItsTargetAsTheReferenceCode) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("byol, target");
  for (const auto& c : golden::read_cases("byol.h5")) {
    if (c.name() != "ema") {
      tally.skip("a loss alone: in the loss's test");
      continue;
    }
    SCOPED_TRACE(c.where());
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32}) check_target(c, compute);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

/// "method.projector@target.0.weight" -> "method.projector.0.weight".
std::string online_of(std::string name) {
  const std::string mark = "@target";
  return name.erase(name.find(mark), mark.size());
}

// By hand: from 0.9 to 1 along half a cosine in two steps, so 0.9 and then 0.95.
TEST(ByolTest, MovesItsTargetTowardsTheOnlineNetworkThatTheOptimizerHasMoved) {
  MethodHarness method(
      "plugin = \"byol\", head_width = 5, embedding_width = 3, "
      "ema_momentum = { kind = \"cosine\", start = 0.9, end = 1.0 }",
      {.compute = Compute::kFloat64,
       .channels = 4,
       .height = 1,
       .width = 1,
       .train_images = 6,
       .batch_size = 3,
       .optimizer = R"(kind = "sgd", base_lr = 0.5, sgd_momentum = 0)"});
  const auto targets = method.copies();
  ASSERT_FALSE(targets.empty());
  for (const double t : {0.9, 0.95}) {
    SCOPED_TRACE(t);
    harness::Named before;
    for (const auto& target : targets)
      for (const auto& name : {target, online_of(target)}) before[name] = method.get(name);
    method.train(kTwoViews);
    double from_before = 0;  // largest distance to where the online network of before would lead
    for (const auto& target : targets) {
      const auto& old_target = before.at(target).numbers;
      const auto& old_online = before.at(online_of(target)).numbers;
      const auto online = method.get(online_of(target)).numbers;
      const auto moved = method.get(target).numbers;
      for (std::size_t i = 0; i < moved.size(); ++i) {
        // 1e-12: float64, numbers of about 1.
        EXPECT_NEAR(moved[i], t * old_target[i] + (1 - t) * online[i], 1e-12) << target;
        const double early = t * old_target[i] + (1 - t) * old_online[i];
        from_before = std::max(from_before, std::abs(moved[i] - early));
      }
    }
    EXPECT_GT(from_before, 1e-6) << "the two orders cannot be told apart";
  }
}

/// Linear, batch norm, ReLU, linear without bias: the heads of BYOL.
reference::Matrix byol_head(const MethodHarness& method, const std::string& name,
                            const reference::Matrix& x) {
  const auto get = [&](const std::string& part) { return method.get("method." + name + part); };
  const auto inner =
      reference::linear(x, reference::matrix(get(".0.weight")), get(".0.bias").numbers);
  return reference::linear(reference::relu(reference::batch_norm(inner)),
                           reference::matrix(get(".3.weight")));
}

TEST(ByolTest, ComputesTheLossOfItsFormula) {
  for (const bool predictor : {true, false}) {
    MethodHarness method("plugin = \"byol\", head_width = 5, embedding_width = 3, predictor = " +
                             std::string(predictor ? "true" : "false"),
                         {.compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1});
    const auto one = reference::matrix(kTwoViews.views[0]),
               two = reference::matrix(kTwoViews.views[1]);
    const auto predict = [&](const reference::Matrix& x) {
      const auto z = byol_head(method, "projector", x);
      return predictor ? byol_head(method, "predictor", z) : z;
    };
    const auto target = [&](const reference::Matrix& x) {
      return byol_head(method, "projector@target", x);
    };
    const double expected = 4 - 2 * reference::mean_cosine(predict(one), target(two)) -
                            2 * reference::mean_cosine(predict(two), target(one));
    EXPECT_NEAR(method.step(kTwoViews).loss.number(), expected, 1e-10);
  }
}

TEST(ByolTest, BeginsItsTargetByItselfOrAsACopy) {
  for (const bool copied : {true, false}) {
    MethodHarness method(
        "plugin = \"byol\", head_width = 5, embedding_width = 3, target_begins = "
        "\"" +
            std::string(copied ? "copied" : "own") + "\"",
        {.channels = 4, .height = 1, .width = 1});
    EXPECT_EQ(method.get("method.projector.0.weight").numbers ==
                  method.get("method.projector@target.0.weight").numbers,
              copied);
  }
}

void check_step(const Case& c, Compute compute) {
  MethodHarness method(
      "plugin = \"simsiam\", embedding_width = " + std::to_string(c.integer("dim")) +
          ", predictor_width = " + std::to_string(c.integer("pred_dim")),
      {.compute = compute, .channels = c.integer("in_dim"), .height = 1, .width = 1});
  /// "encoder_fc_0_weight" -> "method.projector.0.weight"; "predictor_1_running_mean".
  const auto ours = [](std::string name) {
    const std::string root = name.starts_with("encoder_fc_") ? "encoder_fc_" : "predictor_";
    name = name.substr(root.size());
    name[name.find('_')] = '.';
    return (root == "predictor_" ? "method.predictor." : "method.projector.") + name;
  };
  for (const auto& name : c.input_names())
    if (name.starts_with("p_")) method.set(ours(name.substr(2)), golden::values_of(c.input(name)));
  const auto result =
      method.step({.views = {golden::values_of(c.input("x1")), golden::values_of(c.input("x2"))}});
  golden::expect_equal(result.loss, c.output("loss"), golden::tolerance_of(compute));
  int gradients = 0, states = 0;
  for (const auto& name : c.output_names()) {
    SCOPED_TRACE(name);
    if (name == "grad_x1" || name == "grad_x2") {
      golden::expect_equal(result.view_gradients.at(name == "grad_x1" ? 0 : 1), c.output(name),
                           golden::gradient_tolerance_of(compute));
    } else if (name.starts_with("grad_")) {
      golden::expect_equal(result.gradients.at(ours(name.substr(5))), c.output(name),
                           golden::gradient_tolerance_of(compute));
      ++gradients;
    } else if (name.starts_with("state_")) {
      golden::expect_equal(method.get(ours(name.substr(6))), c.output(name),
                           golden::tolerance_of(compute));
      ++states;
    }
  }
  EXPECT_GT(gradients, 0);
  EXPECT_GT(states, 0);
}

TEST(SimSiamTest, StepsAsTheReleasedCode) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("simsiam, step with heads");
  for (const auto& c : golden::read_cases("simsiam.h5")) {
    if (!c.has_param("pred_dim")) {
      tally.skip("a loss alone: in the loss's test");
      continue;
    }
    SCOPED_TRACE(c.where());
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32}) check_step(c, compute);
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

// What reaches a projection other than through its own prediction: with a predictor whose output is
// its bias, that is all that reaches it.
TEST(SimSiamTest, SendsToItsTargetsWhatTheReleasedCodeSends) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("simsiam, gradients of the targets");
  for (const auto& c : golden::read_cases("simsiam.h5")) {
    if (!c.has_output("grad_z1")) continue;
    SCOPED_TRACE(c.where());
    const auto z1 = golden::values_of(c.input("z1")), z2 = golden::values_of(c.input("z2"));
    const auto width = z1.shape[1];
    const auto step = [&](const std::string& options, Compute compute) {
      MethodHarness method(
          "plugin = \"simsiam\", head_layers = 1, predictor_width = 2, "
          "embedding_width = " +
              std::to_string(width) + options,
          {.compute = compute, .channels = width, .height = 1, .width = 1});
      method.set("method.predictor.3.weight",
                 {{width, 2}, std::vector<double>(static_cast<std::size_t>(2 * width), 0)});
      return method.step({.views = {z1, z2}}).view_gradients;
    };
    for (const auto compute : {Compute::kFloat64, Compute::kFloat32}) {
      const auto held = step("", compute);
      golden::expect_equal(held.at(0), c.output("grad_z1"), golden::gradient_tolerance_of(compute));
      golden::expect_equal(held.at(1), c.output("grad_z2"), golden::gradient_tolerance_of(compute));
    }
    const auto free = step(", stop_gradient = false", Compute::kFloat64);
    EXPECT_NE(free.at(0).numbers, std::vector<double>(free.at(0).numbers.size(), 0));
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(SimSiamTest, HasAProjectorOfTheWidthThatItIsGiven) {
  const auto first_shape = [](const std::string& options) {
    MethodHarness method("plugin = \"simsiam\", head_layers = 2, embedding_width = 3" + options,
                         {.channels = 4, .height = 1, .width = 1});
    return method.get("method.projector.0.weight").shape;
  };
  EXPECT_EQ(first_shape(""), (std::vector<std::int64_t>{4, 4}));
  EXPECT_EQ(first_shape(", head_width = 7"), (std::vector<std::int64_t>{7, 4}));
}

constexpr const char* kSmall = "plugin = \"simsiam\", embedding_width = 3, predictor_width = 2";

TEST(SimSiamTest, TrainsItsTargetsOnlyWhereTheyAreNotHeld) {
  const auto loss_and_gradient = [](const std::string& options) {
    MethodHarness method(kSmall + options,
                         {.compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1});
    const auto result = method.step(kTwoViews);
    return std::pair{result.loss.number(),
                     result.gradients.at("method.projector.0.weight").numbers};
  };
  const auto held = loss_and_gradient(""), free = loss_and_gradient(", stop_gradient = false");
  EXPECT_EQ(held.first, free.first);
  EXPECT_NE(held.second, free.second);
  // Without a predictor both directions have the same value, the mean of the two cosines.
  const auto bare = loss_and_gradient(", predictor = false");
  EXPECT_NE(bare.first, held.first);
}

TEST(SimSiamTest, KeepsTheLastBiasAndThePredictorsLearningRate) {
  MethodHarness method(kSmall, {.compute = Compute::kFloat64,
                                .channels = 4,
                                .height = 1,
                                .width = 1,
                                .train_images = 6,
                                .batch_size = 3,
                                .schedule = R"(kind = "cosine")"});
  const auto bias = method.get("method.projector.6.bias").numbers;
  method.train(kTwoViews);
  const auto before = method.get("method.predictor.3.bias").numbers;
  const auto projector = method.get("method.projector.0.weight").numbers;
  const auto result = method.train(kTwoViews);  // the second of two: the cosine's rate is half
  EXPECT_EQ(method.get("method.projector.6.bias").numbers, bias);
  const auto moved = [&](const std::string& name, const std::vector<double>& from, double rate) {
    const auto& gradient = result.gradients.at(name).numbers;
    const auto after = method.get(name).numbers;
    for (std::size_t i = 0; i < from.size(); ++i)
      EXPECT_NEAR(after[i], from[i] - rate * gradient[i], 1e-12) << name;
  };
  moved("method.predictor.3.bias", before, 0.1);
  moved("method.projector.0.weight", projector, 0.05);
}

}  // namespace
}  // namespace kith
