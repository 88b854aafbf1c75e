// SPDX-License-Identifier: Apache-2.0
#include "train/training_step.h"

#include <gmock/gmock.h>
#include <hdf5.h>

#include <cmath>

#include "device.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/experiment_run.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// What the method wrote down in a call: which one, the student's weight, its gradient, the
/// teacher's weight.
struct Line {
  double call, weight, gradient, teacher;
  bool operator==(const Line&) const = default;
};

std::vector<Line> lines_of(FixtureJob& made, std::int64_t steps) {
  for (std::int64_t step = 0; step < steps; ++step) made.run(step);
  std::vector<Line> lines;
  const auto table = made.buffer("method.lines");
  for (std::int64_t i = 0; i < made.buffer("method.written").item<std::int64_t>(); ++i)
    lines.push_back({table[i][0].item<double>(), table[i][1].item<double>(),
                     table[i][2].item<double>(), table[i][3].item<double>()});
  return lines;
}

constexpr double kEpoch = 0, kStep = 1, kBackward = 2, kOptimizer = 3;

TEST(TrainingStepTest, CallsTheMethodInAFixedOrder) {
  // SGD of rate 0.5 on a gradient of 1: the weight falls by 0.5 a step. The teacher takes all of
  // the student.
  FixtureJob made({.method = "order_method", .steps_per_epoch = 2, .base_lr = 0.5});
  const std::vector<Line> expected{
      {kEpoch, 0, 0, 0},           {kStep, 0, 0, 0},           {kBackward, 0, 1, 0},
      {kOptimizer, -0.5, 1, -0.5}, {kStep, -0.5, 0, -0.5},     {kBackward, -0.5, 1, -0.5},
      {kOptimizer, -1, 1, -1},     {101, -1, 1, -1},           {kStep, -1, 0, -1},
      {kBackward, -1, 1, -1},      {kOptimizer, -1.5, 1, -1.5}};
  const auto lines = lines_of(made, 3);
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_TRUE(lines[i] == expected[i])
        << "line " << i << ": " << lines[i].call << " " << lines[i].weight << " "
        << lines[i].gradient << " " << lines[i].teacher;
}

TEST(TrainingStepTest, ACopyThatMovesBeforeTheStepIsOneStepBehind) {
  FixtureJob made(
      {.method = "order_method", .method_options = {{"before_step", {true}}}, .base_lr = 0.5});
  const auto lines = lines_of(made, 2);
  EXPECT_TRUE((lines[3] == Line{kOptimizer, -0.5, 1, 0}));
  EXPECT_TRUE((lines[4] == Line{kStep, -0.5, 0, -0.5}))
      << "moved before the method's step, gradients cleared";
}

TEST(TrainingStepTest, ClampsBeforeTheMethodIsToldOfTheOptimizer) {
  FixtureJob made({.method = "order_method", .base_lr = 4});  // clamped at -5
  const auto lines = lines_of(made, 2);
  EXPECT_EQ(lines.back().call, kOptimizer);
  EXPECT_EQ(lines.back().weight, -5);
}

TEST(TrainingStepTest, ProgressCountsStepsAndEpochs) {
  FixtureJob made({.steps_per_epoch = 2, .epochs = 3});
  made.training->set_progress(5);
  const auto& p = made.job->progress();
  EXPECT_EQ(p.step, 5);
  EXPECT_EQ(p.steps, 6);
  EXPECT_EQ(p.epoch, 2);
  EXPECT_EQ(p.epochs, 3);
  EXPECT_EQ(p.steps_per_epoch, 2);
}

TEST(TrainingStepTest, TheSameStepAfterTheSameStateIsTheSame) {
  const Plan plan{.encoder_options = {{"norm", {true}}, {"dropout", {0.5}}}, .dtype = at::kFloat};
  FixtureJob a(plan), b(plan);
  for (std::int64_t step = 0; step < 4; ++step) {
    at::rand({step + 1});  // what else draws in between does not matter
    EXPECT_EQ(a.run(step).item<float>(), b.run(step).item<float>());
  }
}

TEST(TrainingStepTest, Bfloat16IsFiniteAndCloseAndKeepsParametersInFloat32) {
  const auto train = [](Precision precision) {
    FixtureJob made({.encoder_options = {{"norm", {true}}},
                     .dtype = at::kFloat,
                     .base_lr = 0.02,
                     .precision = precision});
    std::vector<double> losses;
    for (std::int64_t step = 0; step < 6; ++step) losses.push_back(made.run(step).item<double>());
    EXPECT_EQ(made.parameter("encoder.last.weight").scalar_type(), at::kFloat);
    EXPECT_EQ(made.parameter("encoder.last.weight").grad().scalar_type(), at::kFloat);
    return losses;
  };
  const auto exact = train(Precision::kFloat32), cast = train(Precision::kBf16);
  bool differs = false;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_TRUE(std::isfinite(cast[i]));
    EXPECT_NEAR(cast[i], exact[i], 0.05 * exact[i]) << "step " << i << ": bfloat16 has 8 bits";
    differs |= cast[i] != exact[i];
  }
  EXPECT_TRUE(differs) << "the cast is in force";
}

TEST(TrainingStepTest, Bfloat16WithRecomputationGivesTheSameNumbers) {
  const auto train = [](bool recompute) {
    FixtureJob made({.encoder_options = {{"norm", {true}}, {"recompute", {recompute}}},
                     .dtype = at::kFloat,
                     .precision = Precision::kBf16});
    made.run(0);
    return std::pair{made.run(1).item<float>(), made.parameter("encoder.first.0.weight").clone()};
  };
  const auto kept = train(false), again = train(true);
  EXPECT_EQ(kept.first, again.first);
  EXPECT_TRUE(at::equal(kept.second, again.second));
}

/// The losses of a run of a small network with convolutions.
/// @param look  at the job when it is done.
std::vector<double> convnet_run(const std::string& setting,
                                const std::function<void(Job& job)>& look) {
  TinyExperiment tiny("", {"encoder.plugin=convnet", "encoder.widths=[8, 8]",
                           "encoder.strides=[1, 2]", "encoder.grid=1", setting});
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, test::device());
  Trainer trainer(assembly, *job, Threads{1, 1});
  std::vector<double> losses;
  TrainerEvents events;
  events.on_log = [&](const StepRecord& r) { losses.push_back(r.loss); };
  trainer.run(0, StopSignal(), events);
  look(*job);
  return losses;
}

TEST(TrainingStepTest, ChannelsLastChangesTheLayoutAndHardlyTheLoss) {
  const auto train = [](bool channels_last) {
    const std::string word = channels_last ? "true" : "false";
    return convnet_run("train.channels_last=" + word, [&](Job& job) {
      const auto& weight = job.state().find_parameter("encoder.layers.3.weight")->value;
      EXPECT_EQ(weight.is_contiguous(at::MemoryFormat::ChannelsLast) && !weight.is_contiguous(),
                channels_last);
    });
  };
  const auto plain = train(false), last = train(true);
  ASSERT_EQ(plain.size(), last.size());
  ASSERT_FALSE(plain.empty());
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_NEAR(plain[i], last[i], 1e-3 * plain[i]) << i;  // float32 sums
}

TEST(TrainingStepTest, Tf32IsFloat32OnACpuAndNearItOnAGpu) {
  const auto train = [](const std::string& precision) {
    return convnet_run("train.precision=" + precision, [](Job&) {});
  };
  const auto exact = train("float32"), rounded = train("tf32"), again = train("float32");
  ASSERT_FALSE(exact.empty());
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN() && !test::device().is_cpu());
  EXPECT_EQ(exact, again) << "what one run allows, the next does not";
  if (test::device().is_cpu()) {
    EXPECT_EQ(exact, rounded);
  }
  for (std::size_t i = 0; i < exact.size(); ++i)
    EXPECT_NEAR(rounded[i], exact[i], 0.02 * exact[i]) << i << ": TF32 has 10 bits";
}

TEST(TrainingStepTest, TheLearningRateFollowsTheRule) {
  OptimizerConfig c;
  c.base_lr = 0.3;
  EXPECT_EQ(peak_learning_rate(c, 4096), 0.3);
  c.lr_rule = LearningRateRule::kLinear;
  EXPECT_DOUBLE_EQ(peak_learning_rate(c, 4096), 4.8);
  // SimCLR's second rule (arXiv 2002.05709, B.1): 0.075 sqrt(4096) = 4.8.
  c.base_lr = 0.075;
  c.lr_rule = LearningRateRule::kSqrt;
  EXPECT_DOUBLE_EQ(peak_learning_rate(c, 4096), 4.8);
}

TEST(TrainerTest, ALossThatIsNotFiniteStopsWithTheStepAndWhatToTry) {
  TinyExperiment tiny("", {"method.plugin=faulty_method", "method.loss=infinite"});
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, test::device());
  Trainer trainer(assembly, *job, Threads{1, 1});
  EXPECT_EQ(thrown<kith::Error>([&] { trainer.run(0, StopSignal(), {}); }),
            "training: the loss is not finite at step 0 (got inf); try a lower optimizer.base_lr "
            "(now 0.01 at this step), a "
            "longer schedule.warmup_epochs, or train.clip_grad_norm");
}

TEST(AssemblyTest, RefusesWhatTheMethodCannotUse) {
  const auto refusal = [](std::vector<std::string> overrides, bool labels = true) {
    TinyExperiment tiny("", std::move(overrides), labels);
    return thrown<ConfigError>([&] { tiny.assemble(); });
  };
  EXPECT_EQ(refusal({"method.plugin=queue_method"}),
            "org.test.queue_method: wants 2 views, [[views]] gives 1");
  EXPECT_EQ(refusal({"views.0.count=3"}),
            "org.test.plain_method: wants 1 to 2 views, [[views]] gives 3");
  EXPECT_EQ(refusal({"train.batch_size=1"}),
            "org.test.plain_method: needs a batch of at least 2 images, train.batch_size is 1");
  EXPECT_THAT(refusal({"train.batch_size=64"}),
              HasSubstr("train.batch_size: the batch is larger than the data set"));
  EXPECT_THAT(refusal({"method.plugin=supervised"}, false),
              MatchesRegex("org.kith.supervised: needs labels, and .* has none"));
  EXPECT_EQ(refusal({"method.plugin=queue_method", "views.0.count=2", "method.queue_size=30"}),
            "org.test.queue_method: options: queue_method: queue_size must be a multiple of "
            "train.batch_size, got 30 and 8");
  EXPECT_EQ(refusal({"method.plugin=faulty_method", "method.where=validate"}),
            "org.test.faulty_method: options: faulty: a config error");
}

TEST(ExperimentRunTest, ExportedStateLandsInRunH5UnderItsKind) {
  setenv("KITH_PLUGIN_PATH", KITH_BUILD_DIR "/tests/fixtures/methods", 1);
  TinyExperiment tiny("", {});
  RunRequest request;
  request.experiment = tiny.file();
  request.device = "cpu";
  request.overrides = {"method.plugin=queue_method", "views.0.count=2", "train.epochs=1"};
  request.folder = tiny.folder() / "queue_run";
  EXPECT_TRUE(run_experiment(request, {}).finished);
  request.overrides = {"method.plugin=initial_method", "train.epochs=1"};
  request.folder = tiny.folder() / "initial_run";
  EXPECT_TRUE(run_experiment(request, {}).finished);
  unsetenv("KITH_PLUGIN_PATH");
  const auto has = [](const std::filesystem::path& run, const char* name) {
    const auto file = H5Fopen((run / "run.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const bool found = H5Oexists_by_name(file, name, H5P_DEFAULT) > 0;
    H5Fclose(file);
    return found;
  };
  EXPECT_TRUE(has(tiny.folder() / "queue_run", "/state/queue/method.queue"));
  const auto initial = tiny.folder() / "initial_run";
  EXPECT_TRUE(has(initial, "/state/centre/method.begins.centre"));
  EXPECT_TRUE(has(initial, "/state/queue/method.begins.queue"));
  EXPECT_TRUE(has(initial, "/state/scalar/method.begins.scale")) << "a parameter";
}

}  // namespace
}  // namespace kith::host::test
