// SPDX-License-Identifier: Apache-2.0
// data.train_images: training on a part of train.
#include <gmock/gmock.h>

#include <algorithm>
#include <kith/error.hpp>

#include "device.h"
#include "eval/evaluator.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/dry_run.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TrainImagesTest, MethodsStepsAndPositionsAreOfThePartAlone) {
  const TinyExperiment tiny("", {"data.train_images=17"});
  const auto assembly = tiny.assemble();
  EXPECT_EQ(assembly.train_images(), 17);
  EXPECT_EQ(assembly.steps_per_epoch(), 2);
  EXPECT_EQ(make_job(assembly, test::device())->settings().train_images, 17);
  ASSERT_EQ(assembly.trained.size(), 17U);
  EXPECT_GT(assembly.trained.back(), 16) << "not the first ones";
  EXPECT_THAT(assembly.positions({assembly.trained[16], assembly.trained[0], assembly.trained[5]}),
              ElementsAre(16, 0, 5));
  EXPECT_THAT(TinyExperiment().assemble().positions({7, 3}), ElementsAre(7, 3));
}

TEST(TrainImagesTest, EvaluationTakesAllOfTrain) {
  const TinyExperiment tiny("[[evaluation]]\nplugin = \"probe_evaluation\"\n",
                            {"data.train_images=8"});
  const auto assembly = tiny.assemble();
  const auto job = make_job(assembly, test::device());
  Evaluator evaluator(assembly, test::device(), 1);
  int rows = 0;
  for (const auto& result : evaluator.at_end(*job)) {
    if (result.metric != "bank_rows") continue;
    EXPECT_EQ(result.value, 40) << result.path();
    ++rows;
  }
  EXPECT_EQ(rows, 6);  // pixels, untrained, trained; plain and centred
}

TEST(TrainImagesTest, IdentityKnowsWhichImagesAreTrainedOn) {
  const auto identity = [](std::vector<std::string> overrides) {
    return TinyExperiment("", std::move(overrides)).assemble().data_identity();
  };
  EXPECT_EQ(identity({"data.train_images=17"}), identity({"data.train_images=17"}));
  EXPECT_NE(identity({"data.train_images=17"}), identity({"data.train_images=16"}));
  EXPECT_NE(identity({"data.train_images=17"}), identity({"data.train_images=17", "seed=4"}));
  EXPECT_EQ(identity({}), TinyExperiment().assemble().dataset->identity());
}

TEST(TrainImagesTest, MoreThanTrainHasAndFewerThanABatchAreRefused) {
  const auto refusal = [](std::vector<std::string> overrides) {
    const TinyExperiment tiny("", std::move(overrides));
    return thrown<ConfigError>([&] { tiny.assemble(); });
  };
  EXPECT_THAT(
      refusal({"data.train_images=41"}),
      testing::MatchesRegex("data.train_images: must be at most the [23][0-9] images of train "
                            "in '.*', got 41"));
  EXPECT_EQ(refusal({"data.train_images=7"}),
            "train.batch_size: the batch is larger than the data set: wanted at most 7 "
            "(data.train_images), got 8");
}

std::vector<std::string> dry_run_warnings(const std::string& queue_size) {
  const TinyExperiment tiny("", {"method.plugin=queue_method", "views.0.count=2",
                                 "data.train_images=20", "method.queue_size=" + queue_size});
  return dry_run(tiny.assemble()).warnings;
}

TEST(TrainImagesTest, AQueueThatIsLongerThanTheDataIsWarnedOf) {
  EXPECT_THAT(
      dry_run_warnings("24"),
      ElementsAre("method.queue: the queue has 24 rows, and 20 images are trained on: an image's "
                  "own keys of the epoch before are then among its negatives; wanted at most 20 "
                  "rows"));
  EXPECT_THAT(dry_run_warnings("16"), IsEmpty());
}

}  // namespace
}  // namespace kith::host::test
