// SPDX-License-Identifier: Apache-2.0
#include "guards/guards.h"

#include <gmock/gmock.h>

#include "device.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What a run of 240 steps warns of.
std::vector<std::string> warnings_of(std::vector<std::string> overrides, int views = 2) {
  overrides.insert(overrides.end(), {"train.epochs=80", "views.0.count=" + std::to_string(views)});
  const TinyExperiment tiny("", std::move(overrides));
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, test::device());
  Trainer trainer(assembly, *job, Threads{1, 1});
  std::vector<std::string> warnings;
  TrainerEvents events;
  events.on_warning = [&](const std::string& text) { warnings.push_back(text); };
  EXPECT_TRUE(trainer.run(0, StopSignal(), events));
  return warnings;
}

TEST(GuardsTest, LookAtTheFirstStepAtEveryFewAndAtTheLast) {
  const Guards guards({.fatal = false, .every_steps = 20}, 47, {});
  std::vector<std::int64_t> looks;
  for (std::int64_t step = 1; step <= 47; ++step)
    if (guards.due(step)) looks.push_back(step);
  EXPECT_THAT(looks, ElementsAre(1, 20, 40, 47));
}

TEST(GuardsTest, TheFirstStepIsInACheckpointAndBack) {
  Guards none({}, 300, {});
  EXPECT_EQ(none.first_step(), "{}");
  const auto known = R"({"deviation":{"rows a":0.75},"dimensions":{"rows a":12.5}})";
  none.recall_first_step(known);
  EXPECT_EQ(none.first_step(), known);
}

TEST(GuardsTest, ARunTellsOfCollapseOnce) {
  EXPECT_THAT(warnings_of({"encoder.scale=0"}),
              ElementsAre(HasSubstr("collapse: after step 200 all images")));
}

TEST(GuardsTest, ARunTellsOfAFrozenTeacherOnce) {
  EXPECT_THAT(warnings_of({"method.plugin=ill_method", "method.ema_momentum=1"}),
              ElementsAre(HasSubstr("teacher: 'method.gain@teacher' has not moved from step 1 to "
                                    "step 100,")));
}

// InstDisc has no loss plugin: the value is the method's own.
TEST(GuardsTest, ARunTellsOfALossThatIsPinnedOnce) {
  const std::vector<std::string> without_light = {
      "encoder.scale=0", "method.plugin=instdisc", "method.head_layers=0",
      "method.classifier=softmax", "method.negatives=15"};
  EXPECT_THAT(warnings_of(without_light, 1),
              ElementsAre(HasSubstr("the loss of 'org.kith.instdisc': pinned at 2.7726 from step 1 "
                                    "to step 150, where chance is 2.7726"),
                          HasSubstr("collapse: after step 200 all images")));
}

TEST(GuardsTest, AHealthyRunTellsNothing) {
  EXPECT_THAT(warnings_of({"method.plugin=ill_method"}), ElementsAre());
  EXPECT_THAT(warnings_of({"method.plugin=simclr", "method.embedding_width=8"}), ElementsAre());
}

TEST(GuardsTest, FatalStopsWithWhatWasFound) {
  EXPECT_THAT(thrown<kith::Error>([&] { warnings_of({"encoder.scale=0", "guards.fatal=true"}); }),
              testing::EndsWith("look at the method's stop-gradient and predictor (guards.fatal = "
                                "true: the run stops here)"));
}

}  // namespace
}  // namespace kith::host::test
