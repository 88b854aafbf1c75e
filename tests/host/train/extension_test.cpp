// SPDX-License-Identifier: Apache-2.0
#include "train/extension.h"

#include <gtest/gtest.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

constexpr const char* kCosine = R"(
[method]
plugin = "org.kith.byol"
ema_momentum = { kind = "cosine", start = 0.9, end = 1.0 }
[train]
epochs = 4
[optimizer]
kind = "sgd"
[schedule]
kind = "linear"
)";

constexpr const char* kSteps = R"(
[train]
epochs = 4
[schedule]
kind = "step"
milestones = [2.0]
)";

TEST(ExtensionTest, ReadsTheNewEnd) {
  EXPECT_EQ(read_extension("epochs=200", false).epochs, 200);
  for (const char* text :
       {"200", "epochs", "epochs=", "epochs=0", "epochs=-3", "epochs=7.5", "epochs=7 ", "steps=7"})
    EXPECT_EQ(thrown<ConfigError>([&] { read_extension(text, false); }),
              std::string("resume: --extend takes epochs=N, as epochs=200: the epochs of the whole "
                          "run; got '") +
                  text + "'");
}

TEST(ExtensionTest, RefusesAnEndThatIsNotLater) {
  for (const std::int64_t epochs : {3, 4})
    EXPECT_EQ(thrown<ConfigError>([&] { check_extension({epochs, true}, kSteps); }),
              "resume: --extend epochs=" + std::to_string(epochs) +
                  ": the run has 4 epochs already; wanted more");
  EXPECT_NO_THROW(check_extension({5, false}, kSteps));
}

TEST(ExtensionTest, RefusesUnlessToldAScheduleThatDependsOnTheEnd) {
  EXPECT_EQ(thrown<ConfigError>([&] { check_extension({8, false}, kCosine); }),
            "resume: --extend epochs=8: what depends on the run's end would have been another from "
            "the first step on: method.ema_momentum (cosine), schedule (linear); begin a new run, "
            "or add --stretch-schedules: from here on they are those of the longer run");
  EXPECT_NO_THROW(check_extension({8, true}, kCosine));
}

}  // namespace
}  // namespace kith::host::test
