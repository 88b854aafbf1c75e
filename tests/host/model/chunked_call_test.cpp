// SPDX-License-Identifier: Apache-2.0
#include "model/chunked_call.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "device.h"
#include "golden/golden_file.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/dry_run.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

at::Tensor tensor_of(const golden::Array& array) {
  return at::tensor(array.reals(), at::kDouble).view(array.shape());
}

at::Tensor linear_in_chunks(const at::Tensor& x, const at::Tensor& weight, std::int64_t rows) {
  return call_in_chunks(x, rows, 1, [weight](const at::Tensor& chunk) {
    return std::vector<at::Tensor>{chunk.matmul(weight.t())};
  })[0];
}

void expect_golden(const at::Tensor& actual, const golden::Array& expected) {
  const auto flat = actual.contiguous().flatten();
  const std::vector<double> numbers(flat.data_ptr<double>(),
                                    flat.data_ptr<double>() + flat.numel());
  EXPECT_EQ(golden::find_difference(numbers, expected.reals(), golden::kFloat64), "");
}

TEST(ChunkedCallTest, GradientsEqualThoseOfGradCacheForEverySizeOfChunk) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no folder with golden files";
  golden::Tally tally("gradcache");
  for (const auto& c : golden::read_cases("gradcache.h5")) {
    SCOPED_TRACE(c.where());
    const auto x = tensor_of(c.input("x")), y = tensor_of(c.input("y"));
    for (std::int64_t rows = 1; rows <= x.size(0); ++rows) {
      SCOPED_TRACE(rows);
      const auto weight_x = tensor_of(c.input("W_x")).requires_grad_(true),
                 weight_y = tensor_of(c.input("W_y")).requires_grad_(true);
      const auto logits =
          linear_in_chunks(x, weight_x, rows).matmul(linear_in_chunks(y, weight_y, rows).t());
      const auto loss = at::cross_entropy_loss(logits, at::arange(x.size(0), at::kLong));
      loss.backward();
      expect_golden(loss, c.output("loss"));
      expect_golden(weight_x.grad(), c.output("grad_W_x"));
      expect_golden(weight_y.grad(), c.output("grad_W_y"));
    }
    tally.check();
  }
  EXPECT_GT(tally.checked(), 0);
}

TEST(ChunkedCallTest, HoldsNoGraphOfAChunkBeforeTheBackward) {
  int recorded = 0, runs = 0;
  const auto weight = at::ones({2, 3}, at::kDouble).requires_grad_(true);
  const auto out = call_in_chunks(at::ones({7, 3}, at::kDouble), 2, 1, [&](const at::Tensor& rows) {
    ++runs;
    const auto y = rows.matmul(weight.t());
    recorded += y.requires_grad() ? 1 : 0;
    return std::vector<at::Tensor>{y};
  })[0];
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(recorded, 0);
  EXPECT_TRUE(out.requires_grad());
  out.sum().backward();
  EXPECT_EQ(runs, 8);
  EXPECT_EQ(recorded, 4);
}

/// The largest difference of the parameters after three steps with and without chunks.
double difference_after_steps(const Changes& encoder_options) {
  Plan plan{
      .method = "simclr",
      .method_options = {{"head_width", {std::int64_t{6}}}, {"embedding_width", {std::int64_t{4}}}},
      .encoder_options = encoder_options};
  FixtureJob whole(plan);
  plan.accumulation = 3;  // of 16 rows: 6, 6, 4
  FixtureJob chunked(plan);
  double largest = 0;
  for (std::int64_t step = 0; step < 3; ++step) {
    EXPECT_NEAR(whole.run(step).item<double>(), chunked.run(step).item<double>(), 1e-12);
    for (const auto& name : whole.parameter_names())
      largest = std::max(
          largest, (whole.parameter(name) - chunked.parameter(name)).abs().max().item<double>());
  }
  EXPECT_EQ(chunked.job->norm_saw_chunks(), false);
  return largest;
}

TEST(ChunkedCallTest, StepsWithNtXentAreThoseOfTheWholeBatch) {
  EXPECT_LT(difference_after_steps({}), 1e-12);  // float64, sums in another order
}

TEST(ChunkedCallTest, AnEncoderThatRecomputesByItselfMayBeChunkedToo) {
  EXPECT_LT(difference_after_steps({{"recompute", {true}}}), 1e-12);
}

// With dropout the two runs of a chunk must draw the same mask: the slope of the loss is then the
// gradient.
TEST(ChunkedCallTest, TheSecondRunDrawsWhatTheFirstDrew) {
  FixtureJob made({.encoder_options = {{"dropout", {0.5}}}, .accumulation = 3});
  const auto loss_at = [&](double shift, bool gradient) {
    auto batch = made.batch(1);
    auto weight = made.parameter("encoder.last.weight");
    weight.mutable_grad().reset();
    weight.data().add_(shift);
    made.job->set_training(true);
    const auto loss = made.job->method_step(batch);
    if (gradient) loss.backward();
    weight.data().sub_(shift);
    return loss.item<double>();
  };
  loss_at(0, true);
  const auto gradient = made.parameter("encoder.last.weight").grad().sum().item<double>();
  const double h = 1e-5;
  EXPECT_NEAR((loss_at(h, false) - loss_at(-h, false)) / (2 * h), gradient,
              1e-7 * std::abs(gradient));  // h squared, and float64 over h
}

TEST(ChunkedCallTest, BatchNormThatSeesChunksIsToldOnce) {
  TinyExperiment tiny("", {"encoder.norm=true", "train.accumulation=2"});
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, test::device());
  Trainer trainer(assembly, *job, Threads{1, 1});
  std::vector<std::string> warnings;
  TrainerEvents events;
  events.on_warning = [&](const std::string& text) { warnings.push_back(text); };
  trainer.run(0, StopSignal(), events);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::StartsWith(
                            "train.accumulation = 2: batch norm in an encoder takes its statistics "
                            "from chunks")));
}

// 8 images in 8 chunks: batch norm has one value a channel.
TEST(ChunkedCallTest, AShapeThatOnlyAChunkHasIsAnErrorBeforeTraining) {
  const TinyExperiment fits("", {"encoder.norm=true", "train.accumulation=4"});
  EXPECT_NO_THROW(dry_run(fits.assemble()));
  const TinyExperiment tiny("", {"encoder.norm=true", "train.accumulation=8"});
  EXPECT_THAT(thrown<ShapeError>([&] { dry_run(tiny.assemble()); }),
              testing::HasSubstr("batch norm in training needs more than one value a channel, got "
                                 "[1, "));
}

// 3 images in chunks of 2 and 1, and a bank of 3 rows.
TEST(ChunkedCallTest, ADryRunTakesNoMoreImagesThanTheBatch) {
  const TinyExperiment odd(
      "", {"method.plugin=instdisc", "method.classifier=full", "train.batch_size=3",
           "train.accumulation=2", "data.train_images=3"});
  EXPECT_NO_THROW(dry_run(odd.assemble()));
}

// 5 images in chunks of 2, 2 and 1.
TEST(ChunkedCallTest, ALastChunkOfOneImageIsAnErrorBeforeTraining) {
  const TinyExperiment tiny("",
                            {"encoder.norm=true", "train.batch_size=5", "train.accumulation=3"});
  EXPECT_THAT(thrown<ShapeError>([&] { dry_run(tiny.assemble()); }),
              testing::HasSubstr("batch norm in training needs more than one value a channel, got "
                                 "[1, "));
}

TEST(ChunkedCallTest, MoreChunksThanImagesAreRefused) {
  EXPECT_EQ(thrown<ConfigError>([] { TinyExperiment("", {"train.accumulation=9"}).assemble(); }),
            "train.accumulation: wanted at most train.batch_size, which is 8, got 9");
}

}  // namespace
}  // namespace kith::host::test
