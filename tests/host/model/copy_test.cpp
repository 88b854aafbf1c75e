// SPDX-License-Identifier: Apache-2.0
#include "model/copy.h"

#include <gmock/gmock.h>

#include <cmath>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

Plan copies(Changes options, bool norm = true) {
  return {.method = "copies_method",
          .method_options = std::move(options),
          .encoder_options = {{"norm", {norm}}}};
}

struct CopyPair {
  const char* source;
  const char* copy;
};
constexpr CopyPair kEncoder{"encoder.last.weight", "encoder@teacher.last.weight"};
constexpr CopyPair kHead{"method.head.0.weight", "method.head@teacher.0.weight"};
constexpr CopyPair kHeadBias{"method.head.1.bias", "method.head@teacher.1.bias"};

TEST(CopyTest, BeginsAsItsSourceOrWithItsOwnNumbers) {
  FixtureJob copied(copies({})), own(copies({{"begins_copied", {false}}}));
  for (const auto& [source, copy] : {kEncoder, kHead}) {
    EXPECT_TRUE(at::equal(copied.parameter(source), copied.parameter(copy)));
    EXPECT_FALSE(at::equal(own.parameter(source), own.parameter(copy)));
    EXPECT_TRUE(at::equal(own.parameter(source), copied.parameter(source)));
  }
}

TEST(CopyTest, MovesByTheExponentialAverageAfterTheOptimizer) {
  FixtureJob made(copies({{"ema_momentum", {Schedule{"constant", 0.9, 0.9}}}}));
  for (std::int64_t step = 0; step < 3; ++step) {
    std::map<std::string, at::Tensor> before;
    for (const auto& [source, copy] : {kEncoder, kHead, kHeadBias})
      before[copy] = made.parameter(copy).clone();
    made.run(step);
    for (const auto& [source, copy] : {kEncoder, kHead, kHeadBias}) {
      const auto expected = 0.9 * before[copy] + (1 - 0.9) * made.parameter(source).detach();
      EXPECT_TRUE(at::allclose(made.parameter(copy), expected, 1e-15, 1e-16))
          << copy << " at step " << step;
    }
    // Behind the batch norm: what lies before it has a gradient of 0 where all rows want the same.
    EXPECT_FALSE(at::equal(made.parameter(kHeadBias.copy), before[kHeadBias.copy]));
  }
}

TEST(CopyTest, MovesBeforeTheStepByWhatTheLastStepLeft) {
  FixtureJob made(
      copies({{"ema_momentum", {Schedule{"constant", 0.5, 0.5}}}, {"before_step", {true}}}));
  const auto first = made.parameter(kHead.source).detach().clone();
  made.run(0);
  EXPECT_TRUE(at::equal(made.parameter(kHead.copy), first))
      << "before the first step source and copy are equal";
  const auto trained = made.parameter(kHead.source).detach().clone();
  made.run(1);
  EXPECT_TRUE(at::allclose(made.parameter(kHead.copy), 0.5 * first + 0.5 * trained, 1e-15, 1e-16));
}

TEST(CopyTest, TheAverageFollowsACosineSchedule) {
  // Three epochs of two steps: BYOL's rule at step k is 1 - (1 - start)(1 + cos(pi k / 6)) / 2.
  FixtureJob made(copies({{"ema_momentum", {Schedule{"cosine", 0.6, 1.0}}}}));
  for (std::int64_t step = 0; step < 6; ++step) {
    const auto before = made.parameter(kHead.copy).clone();
    made.run(step);
    const double m = 1 - 0.4 * (1 + std::cos(M_PI * static_cast<double>(step) / 6)) / 2;
    EXPECT_TRUE(at::allclose(made.parameter(kHead.copy),
                             m * before + (1 - m) * made.parameter(kHead.source).detach(), 1e-14,
                             1e-15))
        << step;
  }
}

TEST(CopyTest, BuffersAreItsOwnCopiedOrAveraged) {
  const char* source = "encoder.first.1.running_mean";
  const char* copy = "encoder@teacher.first.1.running_mean";
  const auto after = [&](const char* rule) {
    FixtureJob made(copies({{"buffers", {rule}}, {"begins_copied", {false}}}));
    const auto before = made.buffer(copy).clone();
    made.run(0);
    return std::tuple{before, made.buffer(source).clone(), made.buffer(copy).clone()};
  };
  {
    const auto [before, from, to] = after("own");
    EXPECT_FALSE(at::equal(to, before)) << "its own forward moved it";
    EXPECT_FALSE(at::allclose(to, from)) << "it has weights of its own, so other averages";
  }
  {
    const auto [before, from, to] = after("copied");
    EXPECT_TRUE(at::equal(to, from));
  }
  {
    const auto [before, from, own] = after("own");
    const auto [b, f, averaged] = after("averaged");
    EXPECT_TRUE(at::allclose(averaged, 0.9 * own + 0.1 * from, 1e-14, 1e-15))
        << "after its own forward";
  }
}

TEST(CopyTest, TheOptimizerAndTheGradientNeverReachIt) {
  FixtureJob made(copies({{"ema_momentum", {Schedule{"constant", 1.0, 1.0}}}}));
  std::map<std::string, at::Tensor> before;
  for (const auto& p : made.job->state().parameters())
    if (p.is_copy) before[p.name] = p.value.clone();
  EXPECT_EQ(before.size(), 6U + 4U) << "encoder with norm, head";
  for (std::int64_t step = 0; step < 3; ++step) made.run(step);
  for (const auto& [name, value] : before) {
    EXPECT_TRUE(at::equal(made.parameter(name), value)) << name;
    EXPECT_FALSE(made.parameter(name).requires_grad()) << name;
    EXPECT_FALSE(made.parameter(name).grad().defined()) << name;
  }
  for (const auto& group : made.training->optimizer().groups())
    for (const auto& name : group.names) EXPECT_THAT(name, testing::Not(HasSubstr("@")));
  EXPECT_EQ(made.job->state().count("method."), 4 * 3 + 3 + 3 + 3) << "copies are not counted";
}

TEST(CopyTest, IsFoundByItsNameForEvaluation) {
  FixtureJob made(copies({{"teacher_scale", {2.0}}}, false));
  auto* teacher = made.job->find_role("encoder", "teacher");
  auto* student = made.job->find_role("encoder");
  ASSERT_NE(teacher, student);
  EXPECT_THAT(thrown<ConfigError>([&] { made.job->find_role("encoder", "techer"); }),
              HasSubstr("no encoder in role 'encoder.techer'; did you mean 'encoder.teacher'?"));
  // An option that differs in the copy: its features have another scale.
  made.job->set_training(false);
  const auto x = made.batch(0).views[0];
  EXPECT_TRUE(at::equal(made.job->call(teacher, x, 1)[0], made.job->call(student, x, 1)[0] * 2.0));
}

TEST(CopyTest, RefusesAnOptionThatTheEncoderLacks) {
  FixtureJob made({});
  kith_copy rule{};
  kith_arg option{"scal", {KITH_DOUBLE, 1, {.d = 1.0}}};
  rule.options = &option;
  rule.n_options = 1;
  EXPECT_EQ(
      thrown<ConfigError>([&] { made.job->copy_role(made.job->find_role("encoder"), "a", rule); }),
      "org.test.small_net: no option 'scal' that a copy could change; did you mean 'scale'?");
  option.name = "norm";
  EXPECT_THAT(
      thrown<ConfigError>([&] { made.job->copy_role(made.job->find_role("encoder"), "b", rule); }),
      HasSubstr("option 'norm' of a copy has another type than declared"));
}

TEST(CopyTest, ANameOfACopyIsTakenOnce) {
  FixtureJob made({});
  made.job->copy_role(made.job->find_role("encoder"), "a", kith_copy{});
  EXPECT_THAT(thrown<PluginError>(
                  [&] { made.job->copy_role(made.job->find_role("encoder"), "a", kith_copy{}); }),
              HasSubstr("name 'encoder@a' is taken"));
}

TEST(CopyTest, MustHaveWhatItsSourceHas) {
  State state;
  const auto add = [&](const char* name, std::int64_t size) {
    Parameter p;
    p.name = name;
    p.value = at::ones({size});
    state.add_parameter(std::move(p));
  };
  add("a.w", 2);
  add("a.v", 2);
  add("a@t.w", 2);
  kith_instance_s source, target;
  source.prefix = "a";
  target.prefix = "a@t";
  Copy copy{&source, &target, {}, {}, {}};
  EXPECT_EQ(thrown<PluginError>([&] { copy.pair(state); }),
            "copy: 'a@t' has 1 parameters, 'a' has 2");
  add("a@t.v", 3);
  EXPECT_EQ(thrown<PluginError>([&] { copy.pair(state); }), "copy: 'a@t.v' has no equal in 'a'");
}

TEST(ScheduleValueTest, IsAPureFunctionOfProgress) {
  kith_progress p{};
  p.step = 25;
  p.steps = 100;
  EXPECT_EQ(schedule_value({KITH_SCHEDULE_CONSTANT, 0, 0.3, 0.9}, p), 0.3);
  EXPECT_NEAR(schedule_value({KITH_SCHEDULE_LINEAR, 0, 0.2, 1.0}, p), 0.4, 1e-15);
  EXPECT_NEAR(schedule_value({KITH_SCHEDULE_COSINE, 0, 0.2, 1.0}, p),
              1 - 0.8 * (1 + std::cos(M_PI / 4)) / 2, 1e-15);
}

}  // namespace
}  // namespace kith::host::test
