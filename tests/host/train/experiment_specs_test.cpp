// SPDX-License-Identifier: Apache-2.0
// Every key of [optimizer] and [schedule] arrives where training computes with it.
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::DoubleEq;
using testing::Each;

/// All members: with another one this does not compile, so that no comparison forgets it.
auto fields_of(const OptimizerSpec& spec) {
  const auto& [kind, weight_decay, sgd_momentum, nesterov, beta1, beta2, eps, trust, form, clip] =
      spec;
  return std::tuple(kind, weight_decay, sgd_momentum, nesterov, beta1, beta2, eps, trust, form,
                    clip);
}
auto fields_of(const ScheduleSpec& spec) {
  const auto& [kind, warmup_epochs, warmup_start_lr, warmup_reaches_peak, end_lr, every, milestones,
               factor, factors] = spec;
  return std::tuple(kind, warmup_epochs, warmup_start_lr, warmup_reaches_peak, end_lr, every,
                    milestones, factor, factors);
}

/// The tiny experiment, read with these overrides.
Experiment experiment_with(std::vector<std::string> overrides) {
  return TinyExperiment("", std::move(overrides)).assemble().experiment();
}

TEST(ExperimentSpecsTest, EachKeyOfTheOptimizersTableReachesTheOptimizer) {
  // With another key this does not compile: it is to be read in a test below.
  [[maybe_unused]] const auto& [kind, base_lr, lr_rule, weight_decay, sgd_momentum, nesterov, beta1,
                                beta2, eps, trust, form, clip, no_decay, no_adaptation] =
      OptimizerConfig{};
  const auto read = [](std::vector<std::string> keys) {
    for (auto& key : keys) key.insert(0, "optimizer.");
    return fields_of(optimizer_spec(experiment_with(std::move(keys)).optimizer));
  };
  OptimizerSpec lars;
  lars.kind = OptimizerKind::kLars;
  lars.weight_decay = 0.25;
  lars.sgd_momentum = 0.5;
  lars.nesterov = true;
  lars.trust = 0.02;
  lars.lars_form = LarsForm::kAdaptedLast;
  EXPECT_EQ(read({"kind=lars", "weight_decay=0.25", "sgd_momentum=0.5", "nesterov=true",
                  "trust=0.02", "form=adapted_last"}),
            fields_of(lars));
  OptimizerSpec larc;
  larc.kind = OptimizerKind::kLarc;
  larc.eps = 1e-5;
  larc.clip = true;
  EXPECT_EQ(read({"kind=larc", "eps=1e-5", "clip=true"}), fields_of(larc));
  OptimizerSpec adamw;
  adamw.kind = OptimizerKind::kAdamW;
  adamw.beta1 = 0.8;
  adamw.beta2 = 0.95;
  adamw.eps = 1e-6;
  EXPECT_EQ(read({"kind=adamw", "beta1=0.8", "beta2=0.95", "eps=1e-6"}), fields_of(adamw));
}

TEST(ExperimentSpecsTest, EachKeyOfTheSchedulesTableReachesTheSchedule) {
  [[maybe_unused]] const auto& [kind, warmup_epochs, warmup_start_lr, warmup_reaches_peak, end_lr,
                                every, milestones, factor, factors] = ScheduleConfig{};
  const auto read = [](std::vector<std::string> keys) {
    for (auto& key : keys) key.insert(0, "schedule.");
    keys.emplace_back("train.epochs=9");
    return fields_of(schedule_spec(experiment_with(std::move(keys)).schedule));
  };
  ScheduleSpec linear;
  linear.kind = ScheduleKind::kLinear;
  linear.warmup_epochs = 1.5;
  linear.warmup_start_lr = 0.001;
  linear.warmup_reaches_peak = true;
  linear.end_lr = 0.002;
  linear.every = RateChange::kEachEpochEnd;
  EXPECT_EQ(read({"kind=linear", "warmup_epochs=1.5", "warmup_start_lr=0.001",
                  "warmup_reaches_peak=true", "end_lr=0.002", "every=epoch_end"}),
            fields_of(linear));
  ScheduleSpec step;
  step.kind = ScheduleKind::kStep;
  step.milestones = {3, 7};
  step.factor = 0.5;
  EXPECT_EQ(read({"kind=step", "milestones=[3, 7]", "factor=0.5"}), fields_of(step));
  step.factor = ScheduleSpec{}.factor;
  step.factors = {0.5, 0.05};
  EXPECT_EQ(read({"kind=step", "milestones=[3, 7]", "factors=[0.5, 0.05]"}), fields_of(step));
}

TEST(ExperimentSpecsTest, ExemptKindsOfParametersAreExempt) {
  const TinyExperiment tiny(
      "", {"encoder.norm=true", "optimizer.kind=lars", "optimizer.no_decay=[\"norm\"]",
           "optimizer.no_adaptation=[\"bias\"]"});
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, at::kCPU);
  TrainingStep step(*job, assembly.experiment(), assembly.steps_per_epoch());
  std::map<std::string, std::string> treatments;
  for (const auto& group : step.optimizer().groups())
    for (const auto& name : group.names) treatments[name] = describe(group.treatment);
  EXPECT_EQ(treatments["encoder.last.weight"], "decay, adaptation");
  EXPECT_EQ(treatments["encoder.last.bias"], "decay, no adaptation");
  EXPECT_EQ(treatments["encoder.first.1.weight"], "no decay, adaptation");
  EXPECT_EQ(treatments["encoder.first.1.bias"], "no decay, adaptation");
}

/// What a training logs as its learning rates.
std::vector<double> logged_rates(std::vector<std::string> overrides) {
  const TinyExperiment tiny("", std::move(overrides));
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, at::kCPU);
  Trainer trainer(assembly, *job, Threads{1, 1});
  std::vector<double> rates;
  TrainerEvents events;
  events.on_log = [&](const StepRecord& r) { rates.push_back(r.learning_rate); };
  trainer.run(0, StopSignal(), events);
  EXPECT_FALSE(rates.empty());
  return rates;
}

TEST(ExperimentSpecsTest, TheLearningRateThatIsLoggedIsThatOfTheRule) {
  const auto constant = [](const std::string& rule) {
    return logged_rates(
        {"optimizer.base_lr=0.002", "optimizer.lr_rule=" + rule, "schedule.kind=constant"});
  };
  // Batches of 8 images.
  EXPECT_THAT(constant("none"), Each(DoubleEq(0.002)));
  EXPECT_THAT(constant("linear"), Each(DoubleEq(0.002 * 8 / 256)));
  EXPECT_THAT(constant("sqrt"), Each(DoubleEq(0.002 * std::sqrt(8.0))));
}

}  // namespace
}  // namespace kith::host::test
