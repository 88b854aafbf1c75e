// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <kith/error.hpp>
#include <kith/harness.hpp>
#include <string>
#include <vector>

#include "plugins/golden_values.h"
#include "plugins/reference.h"
#include "plugins/values.h"

namespace kith {
namespace {

using golden::Case;
using harness::Batch;
using harness::Compute;
using harness::MethodHarness;
using harness::Rank;
using harness::Settings;
using harness::Values;
using testing::HasSubstr;

/// An encoder that is batch norm alone.
constexpr const char* kNormNet =
    "plugin = { file = \"" KITH_BUILD_DIR "/tests/fixtures/methods/norm_net.so\" }";

/// One step's data set: "loss" and step 2 of rank 1 make "loss_s2_r1".
struct Place {
  std::int64_t step;
  std::string rank;  // "_r1", or empty with one rank
  std::string operator()(const std::string& name) const {
    return name + "_s" + std::to_string(step) + rank;
  }
};

/// Names of the released code's parameters and those of a run.
std::map<std::string, std::string> names_of(const Case& c) {
  std::map<std::string, std::string> names;
  for (const auto* part : {"weight", "bias"}) {
    const std::string p = part;
    if (c.integer("bn") == 1) names["bn_" + p] = "encoder.bn." + p;
    if (c.integer("mlp") == 1) {
      names["fc_0_" + p] = "method.projector.0." + p;
      names["fc_2_" + p] = "method.projector.2." + p;
    } else {
      names["fc_" + p] = "method.projector.0." + p;
    }
  }
  return names;
}

/// "encoder.bn.weight" -> "encoder@key.bn.weight".
std::string of_key(std::string name) {
  for (const std::string root : {"encoder", "method.projector"})
    if (name.starts_with(root + ".")) name.insert(root.size(), "@key");
  return name;
}

std::string optimizer(const Case& c) {
  return "kind = \"sgd\", base_lr = " + golden::exact(c.real("sgd_lr")) +
         ", sgd_momentum = " + golden::exact(c.real("sgd_momentum")) +
         ", weight_decay = " + golden::exact(c.real("weight_decay"));
}

std::string table(const Case& c) {
  return "plugin = \"moco\", head_layers = " + std::string(c.integer("mlp") == 1 ? "2" : "1") +
         ", embedding_width = " + std::to_string(c.integer("dim")) +
         ", queue_size = " + std::to_string(c.integer("K")) +
         ", ema_momentum = " + golden::exact(c.real("momentum")) +
         ", loss = { plugin = \"info_nce\", temperature = " + golden::exact(c.real("temperature")) +
         " }";
}

/// A slice of the rows of a whole batch, as an encoder's images.
Values images(const Values& all, const Case& c, const Rank* rank) {
  const auto n = all.shape[0] / c.integer("ranks");
  auto rows = rows_of(all, rank == nullptr ? 0 : rank->index() * n, n);
  if (c.integer("bn") == 1) rows.shape = {n, all.shape[1], 1, 1};
  return rows;
}

/// With ranks, a run has averaged a parameter's gradient over them before it can be read.
void expect_gradient(const Values& actual, const Case& c, const std::string& name,
                     Compute compute) {
  const auto ranks = c.integer("ranks");
  if (ranks == 1)
    return golden::expect_equal(actual, c.output(name), golden::gradient_tolerance_of(compute));
  std::vector<double> mean(actual.numbers.size());
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const auto own = c.output(name + "_r" + std::to_string(rank));
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += own.reals().at(i) / static_cast<double>(ranks);
  }
  golden::expect_equal(actual, {actual.shape, mean}, golden::gradient_tolerance_of(compute));
}

/// The whole training of a case on one rank: loss, gradients, both encoders, queue and its pointer
/// after each step.
void check_training(const Case& c, Compute compute, const Rank* rank) {
  const auto first = golden::values_of(c.input("im_q_s0"));
  MethodHarness method(table(c),
                       {.compute = compute,
                        .channels = first.shape[1],
                        .height = 1,
                        .width = 1,
                        .train_images = first.shape[0] * c.integer("steps"),
                        .batch_size = first.shape[0],
                        .optimizer = optimizer(c),
                        .rank = rank},
                       {{"encoder", c.integer("bn") == 1 ? kNormNet : ""}});
  const auto names = names_of(c);
  for (const auto& [theirs, ours] : names) {
    method.set(ours, golden::values_of(c.input("q_" + theirs)));
    method.set(of_key(ours), golden::values_of(c.input("k_" + theirs)));
  }
  method.set("method.queue", transposed(golden::values_of(c.input("queue"))));

  for (std::int64_t s = 0; s < c.integer("steps"); ++s) {
    SCOPED_TRACE("step " + std::to_string(s));
    const Place at{s, rank == nullptr ? "" : "_r" + std::to_string(rank->index())};
    const auto step = "_s" + std::to_string(s);
    if (c.has_input("shuffle" + step))
      method.replace_draw("shuffle", golden::values_of(c.input("shuffle" + step)));
    const auto result =
        method.train({.views = {images(golden::values_of(c.input("im_q" + step)), c, rank),
                                images(golden::values_of(c.input("im_k" + step)), c, rank)}});
    golden::expect_equal(result.loss, c.output(at("loss")), golden::tolerance_of(compute));
    auto gradient = result.view_gradients.at(0);
    gradient.shape = c.output(at("grad_im_q")).shape();
    golden::expect_equal(gradient, c.output(at("grad_im_q")),
                         golden::gradient_tolerance_of(compute));
    for (const auto& [theirs, ours] : names) {
      SCOPED_TRACE(ours);
      golden::expect_equal(method.get(ours), c.output(at("state_q_" + theirs)),
                           golden::tolerance_of(compute));
      golden::expect_equal(method.get(of_key(ours)), c.output(at("state_k_" + theirs)),
                           golden::tolerance_of(compute));
      expect_gradient(result.gradients.at(ours), c, "grad_q_" + theirs + step, compute);
    }
    golden::expect_equal(transposed(method.get("method.queue")), c.output(at("state_queue")),
                         golden::tolerance_of(compute));
    EXPECT_EQ(method.get("method.next").number(),
              static_cast<double>(c.output(at("state_ptr")).integers().at(0)));
  }
}

/// A bank whose size is no multiple of the batch: keys at the end are dropped.
void check_truncated_queue(const Case& c, Compute compute) {
  const auto bank = golden::values_of(c.input("bank"));
  MethodHarness method(
      "plugin = \"moco\", head_layers = 0, queue_wrap = \"truncate\", "
      "queue_size = " +
          std::to_string(c.integer("K")) + ", loss = { plugin = \"info_nce\", temperature = " +
          golden::exact(c.real("temperature")) + " }",
      {.compute = compute, .channels = bank.shape[1], .height = 1, .width = 1});
  method.set("method.queue", bank);
  for (std::int64_t s = 0; s < c.integer("steps"); ++s) {
    SCOPED_TRACE("step " + std::to_string(s));
    const Place at{s, ""};
    const auto result = method.step({.views = {golden::values_of(c.input(at("out0"))),
                                               golden::values_of(c.input(at("out1")))}});
    golden::expect_equal(result.loss, c.output(at("loss")), golden::tolerance_of(compute));
    golden::expect_equal(result.view_gradients.at(0), c.output(at("grad_out0")),
                         golden::gradient_tolerance_of(compute));
    golden::expect_equal(method.get("method.queue"), c.output(at("state_bank")),
                         golden::tolerance_of(compute));
    EXPECT_EQ(method.get("method.next").number(),
              static_cast<double>(c.output(at("state_ptr")).integers().at(0)));
  }
}

void check_every_moco_case(Compute compute, const std::string& what) {
  KITH_REQUIRE_GOLDEN();
  golden::Tally tally("moco, " + what);
  for (const auto& c : golden::read_cases("moco.h5")) {
    SCOPED_TRACE(c.where());
    if (c.has_input("bank")) {
      check_truncated_queue(c, compute);
    } else if (!c.has_param("steps")) {
      tally.skip("a loss alone: in the loss's test");
      continue;
    } else if (c.integer("ranks") == 1) {
      check_training(c, compute, nullptr);
    } else {
      harness::on_ranks(static_cast<int>(c.integer("ranks")),
                        [&](const Rank& rank) { check_training(c, compute, &rank); });
    }
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(MoCoTest, EqualsTheReleasedCodeInFloat64) {
  check_every_moco_case(Compute::kFloat64, "float64");
}
TEST(MoCoTest, EqualsTheReleasedCodeInFloat32) {
  check_every_moco_case(Compute::kFloat32, "float32");
}

const Settings kStub{
    .compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1, .batch_size = 2};
const Batch kSmallBatch{.views = {{{2, 4}, {0.1, 0.2, -0.3, 1, 0.5, -0.4, 0.7, 0.2}},
                                  {{2, 4}, {0.2, 0.1, -0.2, 0.8, 0.4, -0.6, 0.5, 0.1}}}};

TEST(MoCoTest, KeepsBothSetsOfKeysWhereItIsSymmetric) {
  MethodHarness both(R"(plugin = "moco", head_layers = 0, queue_size = 8, symmetric = true)",
                     kStub),
      one(R"(plugin = "moco", head_layers = 0, queue_size = 8)", kStub);
  const auto queue = both.get("method.queue");
  one.set("method.queue", queue);
  const double there = one.step(kSmallBatch).loss.number();
  one.set("method.queue", queue);
  const double back =
      one.step({.views = {kSmallBatch.views[1], kSmallBatch.views[0]}}).loss.number();
  EXPECT_NEAR(both.step(kSmallBatch).loss.number(), there + back, 1e-12);
  EXPECT_EQ(both.get("method.next").number(), 4);
}

// Keys that pass in another order give the same keys: without batch norm nothing but the order
// tells them apart.
TEST(MoCoTest, PutsShuffledKeysBack) {
  MethodHarness plain(R"(plugin = "moco", head_layers = 0, queue_size = 8)", kStub),
      shuffled(R"(plugin = "moco", head_layers = 0, queue_size = 8, norm_groups = 2)", kStub);
  shuffled.set("method.queue", plain.get("method.queue"));
  shuffled.replace_draw("shuffle", {{2}, {1, 0}, harness::Number::kWhole});
  EXPECT_EQ(shuffled.step(kSmallBatch).loss.number(), plain.step(kSmallBatch).loss.number());
  EXPECT_EQ(shuffled.get("method.queue").numbers, plain.get("method.queue").numbers);
}

const Settings kOfEight{
    .compute = Compute::kFloat64, .channels = 4, .height = 1, .width = 1, .batch_size = 8};

/// Two views of eight images of four values, as an encoder takes them.
Batch batch_of_eight() {
  Batch batch;
  for (const double phase : {0.0, 1.0}) batch.views.push_back(reference::wave({8, 4, 1, 1}, phase));
  return batch;
}

/// Batch norm of rows g, g + groups, g + 2 groups ... together, for each g below `groups`.
reference::Matrix norm_by_group(const reference::Matrix& x, std::size_t groups) {
  reference::Matrix y(x.size());
  for (std::size_t g = 0; g < groups; ++g) {
    reference::Matrix own;
    for (std::size_t i = g; i < x.size(); i += groups) own.push_back(x[i]);
    own = reference::batch_norm(own);
    for (std::size_t i = 0; i < own.size(); ++i) y[g + i * groups] = own[i];
  }
  return y;
}

/// The running variance after one step: 0.9 of the 1 that it begins as, 0.1 of the mean over groups
/// of the unbiased variance.
std::vector<double> running_variance(const reference::Matrix& x, std::size_t groups) {
  std::vector<double> running(x[0].size(), 0.9);
  const auto n = static_cast<double>(x.size() / groups);
  for (std::size_t c = 0; c < running.size(); ++c)
    for (std::size_t g = 0; g < groups; ++g) {
      double mean = 0;
      for (std::size_t i = g; i < x.size(); i += groups) mean += x[i][c] / n;
      for (std::size_t i = g; i < x.size(); i += groups)
        running[c] += 0.1 * std::pow(x[i][c] - mean, 2) / (n - 1) / static_cast<double>(groups);
    }
  return running;
}

/// Cross-entropy of each key among itself and the queue at the temperature 0.07.
double loss_of_keys(const reference::Matrix& query, const reference::Matrix& key,
                    const reference::Matrix& queue) {
  double loss = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const auto logit = [&](const std::vector<double>& row) {
      return reference::dot(row, query[i]) / 0.07;
    };
    double sum = std::exp(logit(key[i]));
    for (const auto& row : queue) sum += std::exp(logit(row));
    loss += (std::log(sum) - logit(key[i])) / static_cast<double>(query.size());
  }
  return loss;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  // 1e-10: float64; batch norm divides by the deviation of few rows.
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-10) << i;
}

TEST(MoCoTest, NormalisesQueriesAsTheyComeAndKeysAsTheyAreShuffledByGroups) {
  const std::vector<double> order{3, 0, 6, 1, 7, 2, 5, 4};
  const auto batch = batch_of_eight();
  const auto one = reference::matrix(batch.views[0]), two = reference::matrix(batch.views[1]);
  reference::Matrix shuffled;
  for (const double place : order) shuffled.push_back(two[static_cast<std::size_t>(place)]);
  for (const std::size_t groups : {2U, 4U}) {
    SCOPED_TRACE(groups);
    MethodHarness method("plugin = \"moco\", head_layers = 0, queue_size = 16, norm_groups = " +
                             std::to_string(groups),
                         kOfEight, {{"encoder", kNormNet}});
    method.replace_draw("shuffle", {{8}, order, harness::Number::kWhole});
    const auto queue = reference::matrix(method.get("method.queue"));
    const double loss = method.step(batch).loss.number();

    const auto normed = norm_by_group(shuffled, groups);
    ASSERT_NE(normed, norm_by_group(shuffled, 1));
    reference::Matrix keys(order.size());
    for (std::size_t j = 0; j < order.size(); ++j)
      keys[static_cast<std::size_t>(order[j])] = reference::unit_rows(normed)[j];
    const auto kept = reference::matrix(method.get("method.queue"));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      SCOPED_TRACE("key " + std::to_string(i));
      expect_near(kept[i], keys[i]);
    }
    EXPECT_NEAR(loss, loss_of_keys(reference::unit_rows(norm_by_group(one, groups)), keys, queue),
                1e-10);
    expect_near(method.get("encoder.bn.running_var").numbers, running_variance(one, groups));
    expect_near(method.get("encoder@key.bn.running_var").numbers,
                running_variance(shuffled, groups));
  }
}

// The check that every method passes leaves `norm_groups` at 1, where nothing is shuffled.
TEST(MoCoTest, ReadsNothingBackWhereItShuffles) {
  for (const std::string form : {"", ", symmetric = true", ", queue_wrap = \"truncate\""}) {
    SCOPED_TRACE(form);
    const auto calls = harness::record_calls([&] {
      MethodHarness method(
          "plugin = \"moco\", queue_size = 16, embedding_width = 3, norm_groups = 2" + form,
          kOfEight, {{"encoder", kNormNet}});
      for (int step = 0; step < 3; ++step) method.train(batch_of_eight());
    });
    EXPECT_TRUE(calls.operators.contains("aten::argsort")) << "nothing was shuffled";
    EXPECT_EQ(calls.read_backs, 0);
  }
}

TEST(MoCoTest, RefusesAQueueThatWholeBatchesDoNotFill) {
  try {
    MethodHarness method(R"(plugin = "moco", queue_size = 100)", {.batch_size = 8});
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("moco: queue_size = 100 is not a multiple of the 8 keys of a step"));
    EXPECT_THAT(error.what(), HasSubstr("96 and 104"));
  }
}

TEST(MoCoTest, RefusesABatchThatDoesNotDivideIntoItsGroups) {
  try {
    MethodHarness method(R"(plugin = "moco", queue_size = 12, norm_groups = 4)", {.batch_size = 6});
    FAIL() << "nothing was thrown";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("train.batch_size: the method takes batch statistics of 4 "
                                        "groups of each batch, so wanted a multiple of 4, got 6"));
  }
}

}  // namespace
}  // namespace kith
