// SPDX-License-Identifier: Apache-2.0
// Images that decode when the data set is opened, and later do not.
#include <gmock/gmock.h>

#include <atomic>
#include <kith/error.hpp>

#include "device.h"
#include "eval/evaluator.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// 24 grey images of 4 x 4 px; those whose index 5 divides fail once `fails` is set.
class FailingSource : public SplitSource {
 public:
  explicit FailingSource(const std::atomic<bool>& fails) : fails_(fails) {}

  std::int64_t size() const override { return 24; }
  std::string name(std::int64_t index) const override { return std::to_string(index) + ".png"; }
  std::int64_t label(std::int64_t index) const override { return index % 3; }
  ImageSize image_size(std::int64_t) const override { return {4, 4, 1}; }
  bool in_memory() const override { return false; }
  std::size_t decoded_bytes(std::size_t) const override { return SIZE_MAX; }
  void decode(std::int64_t index, Image& out) const override {
    if (fails_ && index % 5 == 0) throw DataError("disk: no image " + std::to_string(index));
    out.resize(image_size(index));
    for (std::size_t i = 0; i < out.pixels.size(); ++i)
      out.pixels[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(index * 31) + i * 7);
  }

 private:
  const std::atomic<bool>& fails_;
};

struct Outcome {
  std::vector<double> losses;
  std::vector<std::string> warnings;
  std::int64_t filled = 0;
};

/// Two epochs on such images.
Outcome train(std::int64_t loader_threads, bool skip_damaged, std::int64_t filled_before = 0) {
  const TinyExperiment tiny;
  Assembly assembly = tiny.assemble();
  std::atomic<bool> fails{false};
  Source source;
  source.channels = 1;
  source.class_names = {"a", "b", "c"};
  source.train = std::make_unique<FailingSource>(fails);
  assembly.dataset = std::make_unique<Dataset>(std::move(source), 0, 0, skip_damaged);
  fails = true;
  const auto job = make_job(assembly, test::device());
  Trainer trainer(assembly, *job, {1, loader_threads});
  Outcome run;
  TrainerEvents events;
  events.on_log = [&](const StepRecord& r) { run.losses.push_back(r.loss); };
  events.on_warning = [&](const std::string& text) { run.warnings.push_back(text); };
  trainer.filled_before(filled_before);
  trainer.run(0, StopSignal(), events);
  run.filled = trainer.filled();
  return run;
}

TEST(DamagedInTrainingTest, IsToldOnceCountedAndTheSameOnAnyNumberOfThreads) {
  const Outcome first = train(1, true);
  EXPECT_EQ(first.losses.size(), 6u);  // 24 images, 8 a step, twice
  EXPECT_EQ(first.filled, 2 * 5);      // 0, 5, 10, 15 and 20 in each epoch
  std::vector<std::string> told;
  for (const auto& warning : first.warnings)
    if (warning.starts_with("data: ")) told.push_back(warning);
  EXPECT_THAT(told, ElementsAre(HasSubstr(
                        "data: an image that decoded when the data set was opened does not any "
                        "more; others are taken in the place of such images, and counted: disk: "
                        "no image ")));
  for (const std::int64_t threads : {0, 3}) EXPECT_EQ(train(threads, true).losses, first.losses);
}

TEST(DamagedInTrainingTest, ARunThatWasResumedCountsOn) {
  EXPECT_EQ(train(1, true, 7).filled, 7 + 2 * 5);
}

TEST(DamagedInTrainingTest, StopsTheRunWhereTheExperimentSaysSo) {
  try {
    train(1, false);
    FAIL();
  } catch (const DataError& e) {
    EXPECT_THAT(e.what(), HasSubstr("): disk: no image "));
  }
}

}  // namespace
}  // namespace kith::host::test
