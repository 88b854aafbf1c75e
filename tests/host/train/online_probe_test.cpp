// SPDX-License-Identifier: Apache-2.0
#include "train/online_probe.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <kith/error.hpp>
#include <map>
#include <string>
#include <vector>

#include "device.h"
#include "eval/evaluator.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/dry_run.h"
#include "train/trainer.h"
#include "train/training_state.h"

namespace kith::host::test {
namespace {

const std::string kOnlineProbe = "[online_probe]\n";

/// A tiny experiment, its networks, and a batch of eight images.
struct ProbeRun {
  explicit ProbeRun(const std::string& more = kOnlineProbe, std::vector<std::string> overrides = {},
                    bool labels = true)
      : tiny(more, std::move(overrides), labels),
        assembly(tiny.assemble()),
        job(make_job(assembly, test::device())) {
    job->set_training(true);
    batch.views = {at::linspace(-1, 1, 8 * 16, on_device(at::kFloat)).view({8, 1, 4, 4}).sin()};
    batch.labels = at::arange(8, on_device(at::kLong)) % 3;
  }
  at::Tensor call(const at::Tensor& views) {
    return job->call(job->find_role("encoder"), views, 1)[0];
  }
  std::unique_ptr<OnlineProbe> probe() { return make_online_probe(assembly, *job); }

  TinyExperiment tiny;
  Assembly assembly;
  std::unique_ptr<Job> job;
  kith_step_s batch;
};

std::map<std::string, at::Tensor> state_of(OnlineProbe& probe) {
  std::map<std::string, at::Tensor> state;
  probe.for_each_state([&](const std::string& name, at::Tensor& t) { state[name] = t; });
  return state;
}

/// The state after a whole run, and the records of its log.
struct Course {
  std::map<std::string, at::Tensor> state;
  std::vector<StepRecord> records;
};

Course course(const std::string& more, const std::vector<std::string>& overrides) {
  ProbeRun s(more, overrides);
  Trainer trainer(s.assembly, *s.job, Threads{1, 1});
  Course course;
  TrainerEvents events;
  events.on_log = [&](const StepRecord& r) { course.records.push_back(r); };
  trainer.run(0, StopSignal(), events);
  for (const auto& [name, saved] : training_state(*s.job, trainer.step().optimizer()))
    course.state[name] = saved.cpu;
  return course;
}

TEST(OnlineProbeTest, LeavesTheRunTheSameToTheBit) {
  for (const std::vector<std::string>& overrides :
       {std::vector<std::string>{"encoder.norm=true", "encoder.dropout=0.5"},
        std::vector<std::string>{"train.accumulation=3"},
        std::vector<std::string>{"encoder.recompute=true", "train.clip_grad_norm=0.1"}}) {
    const auto without = course("", overrides), with = course(kOnlineProbe, overrides);
    ASSERT_EQ(without.state.size(), with.state.size());
    for (const auto& [name, value] : without.state)
      EXPECT_TRUE(at::equal(value, with.state.at(name))) << name;
    ASSERT_EQ(without.records.size(), with.records.size());
    for (std::size_t i = 0; i < with.records.size(); ++i) {
      EXPECT_EQ(without.records[i].loss, with.records[i].loss);
      EXPECT_EQ(without.records[i].metrics.count("online_probe_top1"), 0U);
      EXPECT_EQ(with.records[i].metrics.count("online_probe_top1"), 1U);
      EXPECT_EQ(with.records[i].metrics.count("online_probe_loss"), 1U);
    }
  }
}

TEST(OnlineProbeTest, LearnsFromTheFirstCallOfTheStep) {
  ProbeRun s("[online_probe]\nbase_lr = 0.01\n");
  const auto probe = s.probe();
  probe->begin_step();
  const auto features = s.call(s.batch.views[0]).detach();
  s.call(s.batch.views[0] + 1);  // not looked at
  probe->learn(s.batch);
  // By hand: from zeros each class has 1 / 3; Adam's first step is lr g / (|g| + eps).
  const auto error =
      at::full({8, 3}, 1.0 / 3, on_device(at::kFloat)) - at::one_hot(s.batch.labels, 3);
  const auto gradient = error.t().matmul(features) / 8;
  const auto state = state_of(*probe);
  EXPECT_TRUE(
      at::allclose(state.at("weight"), -0.01 * gradient / (gradient.abs() + 1e-8), 1e-4, 1e-6));
  const auto bias = error.sum(0) / 8;
  EXPECT_TRUE(at::allclose(state.at("bias"), -0.01 * bias / (bias.abs() + 1e-8), 1e-4, 1e-6));
  // Before it learnt, all classes were alike: the first one was its answer.
  const auto metrics = probe->take_metrics();
  EXPECT_DOUBLE_EQ(metrics.at("online_probe_top1"), 3.0 / 8);
  EXPECT_NEAR(metrics.at("online_probe_loss"), std::log(3.0), 1e-6);
  EXPECT_TRUE(probe->take_metrics().empty());
}

TEST(OnlineProbeTest, LearnsClassesThatFeaturesTellApart) {
  ProbeRun s("[online_probe]\nbase_lr = 0.05\n");
  const auto probe = s.probe();
  // Images of one class are alike, and three points in four dimensions can be told apart.
  s.batch.views[0] = s.batch.views[0].narrow(0, 0, 3).index_select(0, s.batch.labels);
  for (int step = 0; step < 2000; ++step) {
    probe->begin_step();
    s.call(s.batch.views[0]);
    probe->learn(s.batch);
  }
  EXPECT_EQ(probe->top1(s.call(s.batch.views[0]).detach().cpu(), s.batch.labels.cpu()), 1);
}

TEST(OnlineProbeTest, ViewsThatAreJoinedHaveTheFirstOneFirst) {
  ProbeRun s;
  const auto probe = s.probe();
  s.batch.views.push_back(s.batch.views[0].cos());
  probe->begin_step();
  s.call(at::cat({s.batch.views[1], s.batch.views[0]}));
  probe->learn(s.batch);
  EXPECT_EQ(state_of(*probe).at("rows").item<double>(), 8);
}

TEST(OnlineProbeTest, WithItsStateGoesOnTheSame) {
  ProbeRun s;
  const auto probe = s.probe();
  const auto step = [&](OnlineProbe& p) {
    p.begin_step();
    s.call(s.batch.views[0]);
    p.learn(s.batch);
  };
  step(*probe);
  step(*probe);
  std::map<std::string, at::Tensor> saved;
  for (const auto& [name, value] : state_of(*probe)) saved[name] = value.clone();
  step(*probe);
  const auto metrics = probe->take_metrics();
  std::map<std::string, at::Tensor> expected;
  for (const auto& [name, value] : state_of(*probe)) expected[name] = value.clone();

  const auto other = s.probe();
  other->for_each_state([&](const std::string& name, at::Tensor& t) { t.copy_(saved.at(name)); });
  step(*other);
  EXPECT_EQ(other->take_metrics(), metrics);
  for (const auto& [name, value] : state_of(*other))
    EXPECT_TRUE(at::equal(value, expected.at(name))) << name;
}

TEST(OnlineProbeTest, IsInTheCheckpointAndInTheDryRun) {
  ProbeRun s;
  const auto with = dry_run(s.assembly), without = dry_run(ProbeRun("").assembly);
  EXPECT_EQ(with.networks.back().name, "online_probe");
  EXPECT_EQ(with.networks.back().parameters, 3 * 4 + 3);
  EXPECT_GT(with.checkpoint_bytes, without.checkpoint_bytes);
  Trainer trainer(s.assembly, *s.job, Threads{1, 1});
  EXPECT_TRUE(training_state(*s.job, trainer.step().optimizer(), trainer.probe())
                  .contains("online_probe/optimizer/weight.exp_avg"));
}

TEST(OnlineProbeTest, ItsShareOfValAndOfTestIsAResult) {
  ProbeRun s(kOnlineProbe + "[[evaluation]]\nplugin = \"probe_evaluation\"\nevery_epochs = 1\n");
  const auto probe = s.probe();
  Evaluator evaluator(s.assembly, test::device(), 1);
  evaluator.add_probe(probe.get());
  const auto val = evaluator.on_val(*s.job, 1), end = evaluator.at_end(*s.job);
  EXPECT_EQ(val[0].path(), "online_probe/val/trained/plain/top1");
  EXPECT_EQ(end[0].path(), "online_probe/test/trained/plain/top1");
  // Weights of 0 answer with the first class, which a third of test has.
  EXPECT_DOUBLE_EQ(end[0].value, 1.0 / 3);
  EXPECT_EQ(end[0].unit, "fraction");
}

TEST(OnlineProbeTest, HasNoAccuracyWhereItsWeightsAreNotFinite) {
  ProbeRun s(kOnlineProbe + "[[evaluation]]\nplugin = \"probe_evaluation\"\nevery_epochs = 1\n");
  const auto probe = s.probe();
  probe->for_each_state([](const std::string& name, at::Tensor& t) {
    if (name == "weight") t.fill_(std::nan(""));
  });
  Evaluator evaluator(s.assembly, test::device(), 1);
  evaluator.add_probe(probe.get());
  for (const auto& result : evaluator.at_end(*s.job)) EXPECT_NE(result.evaluation, "online_probe");
  EXPECT_EQ(evaluator.take_warnings(),
            std::vector<std::string>{"online_probe: its weights or the features are not finite on "
                                     "test; it is not evaluated"});
}

TEST(OnlineProbeTest, WithoutLabelsIsRefusedBeforeTraining) {
  ProbeRun s(kOnlineProbe, {}, false);
  EXPECT_EQ(thrown<ConfigError>([&] { dry_run(s.assembly); }),
            "online_probe: needs labels, and the data set in '" +
                s.assembly.dataset->path().string() + "' has none; leave [online_probe] out");
}

TEST(OnlineProbeTest, AnOutputThatTheMethodDoesNotAskForIsRefusedBeforeTraining) {
  ProbeRun s(kOnlineProbe + "[[evaluation]]\nplugin = \"probe_evaluation\"\noutput = \"hidden\"\n");
  EXPECT_EQ(thrown<ConfigError>([&] { dry_run(s.assembly); }),
            "online_probe: org.test.plain_method does not ask role 'encoder' for the output "
            "'hidden'; evaluate an output that it does ask for");
}

TEST(OnlineProbeTest, RowsThatAreNotTheBatchAreRefused) {
  ProbeRun s;
  const auto probe = s.probe();
  const auto refusal = [&](const at::Tensor& rows) {
    return thrown<ConfigError>([&] {
      probe->begin_step();
      if (rows.defined()) s.call(rows);
      probe->learn(s.batch);
    });
  };
  const std::string who = "role 'encoder'";
  EXPECT_EQ(refusal({}), "online_probe: org.test.plain_method does not call " + who +
                             " in a step; evaluate an encoder that it does call");
  EXPECT_EQ(refusal(s.batch.views[0].narrow(0, 0, 5)),
            "online_probe: the first call of " + who +
                " in a step of org.test.plain_method must have a row for each of the 8 images, got "
                "5");
  EXPECT_EQ(refusal(s.batch.views[0].flip(0)),
            "online_probe: the first rows that org.test.plain_method gives " + who +
                " in a step must be the images of a view, in their order; they are of none, so "
                "labels do not belong to them");
}

}  // namespace
}  // namespace kith::host::test
