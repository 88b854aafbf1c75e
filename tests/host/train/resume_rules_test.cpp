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
            "guards.fatal may change. For another setting begin a new run");
  EXPECT_EQ(refusal("data.test_path=elsewhere"), "");
  EXPECT_NE(refusal("data.on_damaged=skip"), "");
  EXPECT_EQ(
      refusal("train.tensor_threads=1"),
      "resume: --set train.tensor_threads: a run goes on with the settings that it began with "
      "(another count of threads gives other numbers); only data.path (train_path, val_path, "
      "test_path), train.loader_threads and guards.fatal may change. For another setting begin a "
      "new run");
}

TEST(ResumeRulesTest, TensorThreadsStayAndLoaderThreadsFitIn) {
  TrainConfig train;
  train.tensor_threads = 4;
  train.loader_threads = 2;
  std::string warning;
  auto threads = resume_threads(train, 8, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 2);
  EXPECT_EQ(warning, "");
  threads = resume_threads(train, 5, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 1);
  EXPECT_EQ(warning, "");
  threads = resume_threads(train, 2, warning);
  EXPECT_EQ(threads.tensor, 4);
  EXPECT_EQ(threads.loader, 0);
  EXPECT_EQ(warning,
            "the run began with 4 tensor threads and goes on with as many on 2 cores, slower: "
            "another count would give other numbers");
}

}  // namespace
}  // namespace kith::host
