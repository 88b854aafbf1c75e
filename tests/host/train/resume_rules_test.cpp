// SPDX-License-Identifier: Apache-2.0
#include "train/resume_rules.h"

#include <gtest/gtest.h>

#include <kith/error.hpp>

namespace kith::host {
namespace {

std::string refusal(const std::string& override) {
  try {
    check_resume_overrides({"data.path=/elsewhere", override});
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(ResumeRulesTest, PlacesAndLoaderThreadsMayChangeNothingElse) {
  EXPECT_EQ(refusal("train.loader_threads = 2"), "");
  EXPECT_EQ(refusal("guards.fatal=false"), "");
  EXPECT_NE(refusal("guards.every_steps=1"), "");
  EXPECT_EQ(refusal("train.\"loader_threads\"=2"), "");
  EXPECT_EQ(refusal("optimizer.base_lr=1"),
            "resume: --set optimizer.base_lr: a run goes on with the settings that it began with; "
            "only data.path (train_path, val_path, test_path), train.loader_threads and "
            "guards.fatal may change, and the end (--extend epochs=N). For another setting begin a "
            "new run");
  EXPECT_EQ(refusal("data.test_path=elsewhere"), "");
  EXPECT_NE(refusal("data.on_damaged=skip"), "");
  EXPECT_EQ(
      refusal("train.tensor_threads=1"),
      "resume: --set train.tensor_threads: a run goes on with the settings that it began with "
      "(another count of threads gives other numbers); only data.path (train_path, val_path, "
      "test_path), train.loader_threads and guards.fatal may change, and the end (--extend "
      "epochs=N). For another setting begin a "
      "new run");
}

std::string settings_refusal(const std::string& began_with, const std::string& now) {
  try {
    check_resume_settings(began_with, now, "runs/a/resolved.toml");
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(ResumeRulesTest, EachChangedSettingIsNamed) {
  EXPECT_EQ(settings_refusal("seed = 1\n[data]\npath = \"/a\"\n[train]\nloader_threads = 1\n",
                             "seed = 1\n[data]\npath = \"/b\"\n[train]\nloader_threads = 2\n"),
            "");
  EXPECT_EQ(settings_refusal("seed = 1\n[encoder]\nwidths = [8, 16]\n"
                             "[[views]]\naugment = [{ plugin = \"flip\" }]\nsize = 32\n"
                             "[train]\ncheckpoints = 1\n",
                             "seed = 2\n[encoder]\nwidths = [8]\n"
                             "[[views]]\naugment = [{ plugin = \"blur\" }]\nsize = 32\n"
                             "[train]\nlast = 1.5\n"),
            "resume: 'runs/a/resolved.toml' has other settings than those that the run began with, "
            "which run.h5 keeps:\n"
            "  seed: 1, now 2\n"
            "  encoder.widths: [8, 16], now [8]\n"
            "  views.0.augment.0.plugin: \"flip\", now \"blur\"\n"
            "  train.checkpoints: 1, now not set\n"
            "  train.last: not set, now 1.5\n"
            "put them back, or begin a new run");
}

TEST(ResumeRulesTest, TensorThreadsStayAndLoaderThreadsFitIn) {
  TrainConfig train;
  train.tensor_threads = 4;
  train.loader_threads = 2;
  std::string warning;
  auto threads = resume_threads(train, {}, 8, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 2);
  EXPECT_EQ(warning, "");
  threads = resume_threads(train, {}, 5, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 1);
  EXPECT_EQ(warning,
            "the run began with 2 loader threads and goes on with 1: of 5 cores its 4 tensor "
            "threads leave no more");
  threads = resume_threads(train, {}, 2, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 0);
  EXPECT_EQ(warning,
            "the run began with 4 tensor threads and goes on with as many on 2 cores, slower: "
            "another count would give other numbers");
}

TEST(ResumeRulesTest, MoreLoaderThreadsThanAreLeftAreRefusedWhereTheyAreAskedFor) {
  TrainConfig train;
  train.tensor_threads = 4;
  train.loader_threads = 3;
  std::string warning;
  EXPECT_EQ(resume_threads(train, {"train.loader_threads=3"}, 8, warning).loader, 3);
  try {
    resume_threads(train, {"data.path=/x", "train.loader_threads=3"}, 6, warning);
    FAIL() << "taken";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "resume: --set train.loader_threads: of 6 cores the run's 4 tensor threads leave "
                 "2, got 3");
  }
}

}  // namespace
}  // namespace kith::host
