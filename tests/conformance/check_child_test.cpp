// SPDX-License-Identifier: Apache-2.0
// Plugins that break what every plugin must hold, each in one way.
#include "conformance/check_child.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <kith/error.hpp>
#include <ostream>

namespace kith::conformance {
namespace {

using testing::HasSubstr;

CheckResult result_of(const std::string& plugin, std::string_view name,
                      const ChildSettings& settings = {}) {
  const auto kind = plugin.substr(0, plugin.find('_'));
  const auto checks = checks_of(kind);
  const auto check = std::ranges::find_if(checks, [&](const Check& c) { return c.name == name; });
  if (check == checks.end()) throw std::logic_error("no check " + std::string(name));
  return run_in_child(*check, KITH_BUILD_DIR "/tests/fixtures/unsound/" + plugin + ".so", settings);
}

std::string failures_of(const CheckResult& result) {
  std::string text;
  for (const auto& failure : result.failures) text += failure + "\n";
  return text;
}

struct Fault {
  const char* plugin;
  const char* check;
  const char* text;  // in the failures

  // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's name.
  friend void PrintTo(const Fault& f, std::ostream* out) { *out << f.plugin << ' ' << f.check; }
};

const Fault kFaults[] = {
    {"loss_infinite_at_end", "option_ends",
     "plugin = \"org.test.loss_infinite_at_end\", scale = 0.0, float32, [2, 2]: the loss must be "
     "finite, got inf at position 0 of []"},
    {"loss_wrong_gradient", "gradient",
     "the gradient of embedding at position 0 must be 0.0667 (central difference, float64), got "
     "0.1"},
    {"loss_no_gradient", "zero_rows",
     "org.test.loss_no_gradient: forward: the loss has no gradient"},
    {"loss_no_loss", "zero_rows",
     "org.test.loss_no_loss: forward: returned no loss, wanted a tensor with one number"},
    {"loss_two_numbers", "zero_rows",
     "org.test.loss_two_numbers: a loss must be a 0-d tensor, got [5]"},
    {"loss_counts_calls", "no_state", "the loss differs in a later call"},
    {"loss_reads_back", "operators", "a tensor was brought to the CPU"},
    {"loss_wrong_chance", "chance_value",
     "the loss of equal rows must be its chance value 7, got 1"},
    {"loss_crash", "zero_rows", "the check's process was ended by signal 11"},
    {"loss_escapes", "zero_rows", "the check's process was ended by signal 6"},
    {"loss_exit", "zero_rows",
     "the check's process ended the process with exit code 0 before it was done"},
    {"augmentation_beyond_view", "bounds", "plane 0: wrote 4 bytes beyond the end"},
    {"augmentation_before_view", "bounds", "plane 0: wrote 4 bytes before the beginning"},
    {"augmentation_beyond_scratch", "bounds", "scratch space: wrote 4 bytes beyond the end"},
    {"augmentation_draws_nan", "bounds", "draws nan for amount"},
    {"augmentation_too_bright", "bounds",
     "float [1, 1, 1]: leaves values from black to white, 0 to 1: got 2"},
    {"augmentation_infinite", "views", "makes views with numbers that are not finite"},
    {"augmentation_draws_by_count", "draws",
     "draws other numbers for the same sample a second time; draw from the source alone"},
    {"augmentation_not_deterministic", "draws",
     "is declared deterministic and draws differently for different samples"},
    {"augmentation_hides_a_draw", "replay",
     "the numbers that it drew do not make the same view again"},
    {"augmentation_draws_by_count", "threads", "views differ when four threads make them"},
    {"augmentation_looks_around", "pixels",
     "the result depends on where the host cuts a view into runs"},
    {"encoder_idle_parameter", "gradients", "idle.weight gets no gradient"},
    {"encoder_mixes_images", "independence",
     "the output features of an image depends on the other images"},
    {"encoder_flat_output", "outputs",
     "the output features is declared as [N D] and is [16] for 4 images"},
    {"encoder_no_output", "outputs", "features"},
    {"encoder_one_size", "sizes", "wanted 32 px (where a size does not fit, throw a ConfigError)"},
    {"encoder_reads_back", "operators", "counts = true: a tensor was brought to the CPU"},
    {"evaluation_no_metric", "random_features", "no metric was reported"},
    {"evaluation_above_one", "random_features", "the metric top1 is a fraction, got 523"},
    {"evaluation_counts_calls", "determinism", "the metric calls differs in a second evaluation"},
    {"evaluation_infinite_at_end", "option_ends", "the metric top1 must be finite, got inf"},
    {"method_infinite_inside", "option_ends", "groups = 2: the loss must be finite, got inf"},
    {"method_private_state", "save_and_load", "after save and load"},
    {"method_wrong_gradient", "gradient", "the gradient of encoder.fc.weight says "},
    {"method_cancels", "dtypes", "the loss in float32 differs from float64 by "},
    {"method_climbs", "learning",
     "the loss must fall over 12 steps on one batch with all state held"},
    {"method_reads_back", "operators", "a tensor was brought to the CPU"},
    {"method_writes_by_mask", "operators", "clips = true: a tensor was brought to the CPU 3 times"},
    {"method_resizes_state", "batches",
     "org.test.method_resizes_state: step (step 0): 'method.queue' must keep the shape that it was "
     "declared with, [4, 3], got [7]"},
};

class UnsoundPlugin : public testing::TestWithParam<Fault> {};

TEST_P(UnsoundPlugin, FailsItsCheckWithAText) {
  const auto& [plugin, check, text] = GetParam();
  const auto result = result_of(plugin, check);
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_THAT(failures_of(result), HasSubstr(text));
}

INSTANTIATE_TEST_SUITE_P(All, UnsoundPlugin, testing::ValuesIn(kFaults), [](const auto& info) {
  return std::string(info.param.plugin) + "_" + info.param.check;
});

TEST(CheckChildTest, APluginThatNeverReturnsFailsItsCheck) {
  const auto result =
      result_of("loss_loop", "zero_rows", {.time_limit = std::chrono::milliseconds(4000)});
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_THAT(failures_of(result),
              HasSubstr("the check's process did not return within 4.00 s before it was done"));
}

TEST(CheckChildTest, ACheckThatHoldsPassesWithItsFigures) {
  const auto result = result_of("loss_wrong_gradient", "no_state");
  EXPECT_EQ(result.verdict, Verdict::kPassed) << failures_of(result);
  EXPECT_EQ(result.figures, "3 calls of 2 shapes");
}

TEST(CheckChildTest, ParametersOfOneNumberPassTheGradientCheckWhateverTheirSign) {
  const auto result = result_of("method_climbs", "gradient");
  EXPECT_EQ(result.verdict, Verdict::kPassed) << failures_of(result);
}

TEST(CheckChildTest, ACheckThatDoesNotApplySaysWhy) {
  const auto result = result_of("method_climbs", "copies");
  EXPECT_EQ(result.verdict, Verdict::kSkipped);
  EXPECT_EQ(result.figures, "it has no copies");
}

TEST(CheckChildTest, AFileThatCannotBeUsedFailsTheCheckWithTheFourLines) {
  const auto result = run_in_child(checks_of("loss")[0], "/nonexistent/loss.so");
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_THAT(failures_of(result), HasSubstr("KITH-201 'loss.so' cannot be read as a plugin"));
}

TEST(CheckChildTest, AProgramThatIsAbsentIsAnError) {
  EXPECT_THROW(result_of("loss_exit", "no_state", {.program = "/nonexistent/kith"}), Error);
}

}  // namespace
}  // namespace kith::conformance
