// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <map>

#include "host/model/fixture_job.h"
#include "model/validate_method.h"
#include "train/training_state.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Plan faulty(const std::string& where, const std::string& what) {
  return {.method = "faulty_method", .method_options = {{"where", {where}}, {"what", {what}}}};
}

/// As a run does it: the options are validated, then the job is made, then the step runs.
void run_faulty(const std::string& where, const std::string& what, std::int64_t step) {
  const Plan plan = faulty(where, what);
  validate_method(*fixture("method", plan.method, plan.method_options), plan.batch_size,
                  plan.batch_size * plan.steps_per_epoch);
  FixtureJob made(plan);
  made.run(step);
}

/// After each failure, a job in the same process trains.
void expect_the_host_goes_on() {
  FixtureJob next({});
  const double first = next.run(0).item<double>();
  for (std::int64_t i = 0; i < 5; ++i) next.run(0);
  EXPECT_LT(next.run(0).item<double>(), first);
}

TEST(FaultyPluginTest, EachCallIsNamedWithPluginAndStep) {
  const std::pair<const char*, const char*> cases[] = {
      {"validate", "org.test.faulty_method: options: faulty: a runtime error"},
      {"constructor", "org.test.faulty_method: constructor: faulty: a runtime error"},
      {"begin_epoch", "org.test.faulty_method: begin_epoch (step 4): faulty: a runtime error"},
      {"step", "org.test.faulty_method: step (step 4): faulty: a runtime error"},
      {"backward", "org.test.faulty_method: backward (step 4): faulty: a runtime error"},
      {"after_backward",
       "org.test.faulty_method: after_backward (step 4): faulty: a runtime error"},
      {"after_optimizer",
       "org.test.faulty_method: after_optimizer (step 4): faulty: a runtime error"}};
  for (const auto& [where, text] : cases) {
    EXPECT_EQ(thrown<PluginError>([&, where = where] { run_faulty(where, "standard", 4); }), text);
    expect_the_host_goes_on();
  }
}

TEST(FaultyPluginTest, EveryKindOfExceptionArrivesAsItsKind) {
  for (const std::string where :
       {"validate", "constructor", "step", "backward", "after_backward"}) {
    const auto run = [&](const char* what) { run_faulty(where, what, 0); };
    EXPECT_THAT(thrown<ConfigError>([&] { run("config"); }), HasSubstr("faulty: a config error"))
        << where;
    EXPECT_THAT(thrown<PluginError>([&] { run("plugin"); }), HasSubstr("faulty: a plugin error"))
        << where;
    EXPECT_THAT(thrown<DataError>([&] { run("data"); }), HasSubstr("faulty: a data error"))
        << where;
    EXPECT_THAT(thrown<ShapeError>([&] { run("shape"); }), HasSubstr("faulty: a shape error"))
        << where;
    EXPECT_THAT(thrown<PluginError>([&] { run("number"); }),
                HasSubstr("an exception that is not a std::exception"))
        << where;
    if (where == "validate") continue;  // nothing is made yet that an operator could be called with
    EXPECT_THAT(thrown<ShapeError>([&] { run("operator"); }),
                testing::AllOf(HasSubstr("aten::mm: "), HasSubstr("(self [2, 3], mat2 [2, 3])")))
        << where;
  }
  expect_the_host_goes_on();
}

TEST(FaultyPluginTest, AFailingStepCanBeRunAgain) {
  FixtureJob made(faulty("after_backward", "data"));
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(thrown<DataError>([&] { made.run(0); }), HasSubstr("after_backward (step 0)"));
}

/// Everything that a step changes, as bytes by name.
std::map<std::string, at::Tensor> state_of(FixtureJob& made) {
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, tensor] : training_state(*made.job, made.training->optimizer()))
    state[name] = tensor.cpu.clone();
  return state;
}

void expect_equal_state(const std::map<std::string, at::Tensor>& a,
                        const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

TEST(FaultyPluginTest, AStepThatFailsLeavesTheStateAndTheNextStepIsAsIfThereWasNone) {
  for (const char* where : {"begin_epoch", "step", "backward", "after_backward"}) {
    SCOPED_TRACE(where);
    auto plan = faulty(where, "data");
    plan.method_options["times"] = {std::int64_t{1}};
    FixtureJob made(plan), untouched({.method = "faulty_method"});
    const auto before = state_of(made);
    ASSERT_TRUE(before.contains("method.weight"));
    EXPECT_THAT(thrown<DataError>([&] { made.run(0); }), HasSubstr(where));
    expect_equal_state(state_of(made), before);
    for (std::int64_t step = 0; step < 3; ++step)
      EXPECT_TRUE(at::equal(made.run(step), untouched.run(step)));
    expect_equal_state(state_of(made), state_of(untouched));
    EXPECT_FALSE(at::equal(state_of(made).at("method.weight"), before.at("method.weight")));
  }
}

TEST(FaultyPluginTest, ALossThatIsNoneIsRefused) {
  const auto run = [](const char* loss) {
    return thrown<PluginError>([&] {
      FixtureJob made({.method = "faulty_method", .method_options = {{"loss", {loss}}}});
      made.run(2);
    });
  };
  EXPECT_EQ(
      run("none"),
      "org.test.faulty_method: step (step 2): returned no loss, wanted a tensor with one number");
  EXPECT_EQ(
      run("no_gradient"),
      "org.test.faulty_method: step (step 2): the loss has no gradient; is everything detached?");
  EXPECT_EQ(run("two_numbers"),
            "org.test.faulty_method: step (step 2): the loss must have one number, got [2]");
  EXPECT_EQ(run("good"), "");
}

TEST(FaultyPluginTest, StateOfAnotherShapeThanDeclaredIsRefused) {
  const auto run = [](const char* state) {
    return thrown<Error>([&] {
      FixtureJob made({.method = "faulty_method", .method_options = {{"state", {state}}}});
      made.run(2);
    });
  };
  for (const char* state : {"resized_in_step", "resized_at_end"})
    EXPECT_EQ(run(state),
              "org.test.faulty_method: step (step 2): 'method.queue' must keep the shape that it "
              "was declared with, [4, 3], got [7]");
  EXPECT_THAT(run("negative"),
              testing::AllOf(StartsWith("org.test.faulty_method: constructor: buffer: "),
                             HasSubstr("'method.queue'"), HasSubstr("[-1, 3]")));
  EXPECT_THAT(run("huge"),
              testing::AllOf(StartsWith("org.test.faulty_method: constructor: buffer: "),
                             HasSubstr("'method.queue'"), HasSubstr("[4611686018427387904, 3]")));
  EXPECT_EQ(run("good"), "");
  expect_the_host_goes_on();
}

/// What lives when the process ends: leaked, static, and an exception in flight.
TEST(FaultyPluginTest, AProcessThatEndsWithLiveObjectsEndsWellAndWithItsCode) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto end = [] {
    static FixtureJob kept({});
    static at::Tensor loss = kept.run(0);
    auto* leaked = new FixtureJob({.method = "copies_method"});
    leaked->run(0);
    static std::exception_ptr flying;
    try {
      FixtureJob(faulty("step", "data")).run(0);
    } catch (...) {
      flying = std::current_exception();
    }
    std::exit(0);
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(0), "");
}

TEST(FaultyPluginTest, AnEncoderIsNamedByItsRole) {
  const auto fails = [](const char* where, bool recompute) {
    FixtureJob made({.encoder_options = {{"fails", {where}}, {"recompute", {recompute}}}});
    made.run(3);
  };
  EXPECT_EQ(thrown<ConfigError>([&] { fails("constructor", false); }),
            "org.test.small_net: constructor: small_net: told to fail");
  EXPECT_THAT(thrown<ShapeError>([&] { fails("forward", false); }),
              StartsWith("org.test.plain_method: step (step 3): encoder: forward: aten::matmul: "));
  EXPECT_EQ(thrown<ShapeError>([&] { fails("recomputation", true); }),
            "org.test.plain_method: backward (step 3): org.test.small_net: checkpoint, second run: "
            "small_net: the second run "
            "fails");
  expect_the_host_goes_on();
}

}  // namespace
}  // namespace kith::host::test
