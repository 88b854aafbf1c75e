// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DeclarationTest, NamesHaveTheirPlacesInFront) {
  FixtureJob made({.method = "initial_method"});
  const auto names = made.parameter_names();
  for (const char* name : {"encoder.first.0.weight", "encoder.first.0.bias", "encoder.last.weight",
                           "encoder.last.bias", "method.linear.weight", "method.conv.bias",
                           "method.norm.weight", "method.begins.normal"})
    EXPECT_THAT(names, Contains(name));
  EXPECT_TRUE(made.buffer("method.begins.3.deep.flag").scalar_type() == at::kBool);
  EXPECT_EQ(made.job->state().count("encoder."), 6 * 8 + 8 + 8 * 4 + 4);
}

TEST(DeclarationTest, ParametersAndStateHaveTheJobsDtypeUnlessTheySayOtherwise) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    FixtureJob made({.method = "initial_method", .dtype = dtype});
    for (const auto& p : made.job->state().parameters()) {
      EXPECT_EQ(p.value.scalar_type(), dtype) << p.name;
      EXPECT_TRUE(p.value.requires_grad()) << p.name;
    }
    EXPECT_EQ(made.buffer("method.begins.centre").scalar_type(), dtype);
    EXPECT_EQ(made.buffer("method.begins.count").scalar_type(), at::kLong);
    EXPECT_EQ(made.buffer("method.begins.count").item<std::int64_t>(), 7);
    EXPECT_FALSE(made.buffer("method.begins.centre").requires_grad());
  }
}

TEST(DeclarationTest, ExportKindsAreKept) {
  FixtureJob made({.method = "initial_method"});
  EXPECT_EQ(made.job->state().find_buffer("method.begins.queue")->export_kind, "queue");
  EXPECT_EQ(made.job->state().find_buffer("method.begins.count")->export_kind, "");
  EXPECT_EQ(made.job->state().find_parameter("method.begins.scale")->export_kind, "scalar");
}

TEST(DeclarationTest, KindsComeFromTheLayers) {
  FixtureJob made({.method = "initial_method"});
  auto& state = made.job->state();
  EXPECT_EQ(state.find_parameter("method.linear.weight")->kind, ParameterKind::kWeight);
  EXPECT_EQ(state.find_parameter("method.linear.bias")->kind, ParameterKind::kBias);
  EXPECT_EQ(state.find_parameter("method.norm.weight")->kind, ParameterKind::kNormScale);
  EXPECT_EQ(state.find_parameter("method.norm.bias")->kind, ParameterKind::kNormShift);
  EXPECT_EQ(state.find_parameter("method.begins.truncated")->kind, ParameterKind::kPositionTable);
  EXPECT_EQ(state.find_parameter("method.begins.scale")->kind, ParameterKind::kLogScale);
}

TEST(DeclarationTest, ANameDeclaredTwiceIsAnError) {
  EXPECT_EQ(thrown<PluginError>([] {
              FixtureJob({.method = "faulty_method", .method_options = {{"where", {"twice"}}}});
            }),
            "org.test.faulty_method: constructor: parameter: 'method.weight' is declared twice");
}

TEST(InitialiserTest, FanInUniformStaysWithinOneOverTheRootOfTheFanIn) {
  FixtureJob made({.method = "initial_method"});
  const auto check = [&](const char* name, double fan_in) {
    const auto w = made.parameter(name).detach();
    const auto bound = 1 / std::sqrt(fan_in);
    EXPECT_LE(w.abs().max().item<double>(), bound) << name;
    EXPECT_GT(w.abs().max().item<double>(), 0.9 * bound) << name;
    // A uniform number's deviation is bound / sqrt(3); 10 %: some 2,000 numbers.
    if (w.numel() > 1000) {
      EXPECT_NEAR(w.std().item<double>(), bound / std::sqrt(3.0), 0.1 * bound) << name;
    }
  };
  check("method.linear.weight", 64);
  check("method.linear.bias", 64);
  check("method.conv.weight", 4 * 9);
  check("method.conv.bias", 4 * 9);
}

TEST(InitialiserTest, NormalNumbersHaveTheirMoments) {
  FixtureJob made({.method = "initial_method"});
  const auto normal = made.parameter("method.begins.normal").detach();
  EXPECT_NEAR(normal.mean().item<double>(), 0.5, 0.02);  // 5 deviations of the mean of 5,000
  EXPECT_NEAR(normal.std().item<double>(), 0.25, 0.015);
  const auto truncated = made.parameter("method.begins.truncated").detach();
  EXPECT_LE(truncated.abs().max().item<double>(), 0.04);
  EXPECT_NEAR(truncated.std().item<double>(), 0.02 * 0.8796,
              0.001);  // deviation of a normal cut at 2: 0.8796
  const auto fan_out = made.parameter("method.begins.fan_out").detach();
  EXPECT_NEAR(fan_out.std().item<double>(), std::sqrt(2.0 / (64 * 9)), 0.003);
}

TEST(InitialiserTest, UnitRowsHaveNormOneAndDiffer) {
  FixtureJob made({.method = "initial_method"});
  const auto rows = made.parameter("method.begins.unit_rows").detach();
  EXPECT_TRUE(at::allclose(rows.norm(2, {1}), at::ones({30}, on_device(at::kDouble))));
  EXPECT_LT((rows.mm(rows.t()) - at::eye(30, on_device(at::kDouble))).abs().max().item<double>(),
            0.999);
}

TEST(InitialiserTest, TheSameNameBeginsTheSameUnderTheSameSeed) {
  FixtureJob a({.method = "initial_method"}), b({.method = "plain_method"}),
      c({.method = "plain_method", .seed = 2});
  EXPECT_TRUE(at::equal(a.parameter("encoder.last.weight"), b.parameter("encoder.last.weight")))
      << "whatever else is declared";
  EXPECT_FALSE(at::equal(b.parameter("encoder.last.weight"), c.parameter("encoder.last.weight")));
  FixtureJob single({.method = "initial_method", .dtype = at::kFloat});
  EXPECT_TRUE(at::equal(a.parameter("encoder.last.weight").to(at::kFloat),
                        single.parameter("encoder.last.weight")))
      << "float32 holds the rounded numbers of float64";
}

TEST(InitialiserTest, ADryRunHasShapesAlone) {
  JobSettings settings;
  settings.shapes_only = true;
  settings.channels = settings.height = settings.width = 1;
  Job job(settings, make_single_rank());
  job.add_role("encoder", fixture("encoder", "small_net"));
  job.make_method(fixture("method", "initial_method"));
  EXPECT_TRUE(at::equal(job.state().find_parameter("method.begins.normal")->value.detach(),
                        at::full({100, 50}, 0.01F)));
  EXPECT_EQ(job.state().find_parameter("method.begins.scale")->value.item<float>(), 2.5F);
}

TEST(OutputTest, AreFoundByNameWithTheNearestNameInTheError) {
  FixtureJob made({.method = "plain_method", .method_options = {{"output", {"hidden"}}}});
  EXPECT_EQ(made.run(0).dim(), 0);
  EXPECT_EQ(made.job->take_metrics().at("width").item<double>(), 8);
  EXPECT_EQ(thrown<ConfigError>([] { FixtureJob({.method_options = {{"output", {"hiden"}}}}); }),
            "org.test.plain_method: constructor: encoder: the encoder has no output 'hiden'; did "
            "you mean 'hidden'?");
}

TEST(OutputTest, OneRoleMissesAndTheOtherIsNamed) {
  FixtureJob made({});
  EXPECT_THAT(thrown<ConfigError>([&] { made.job->find_role("encodr"); }),
              HasSubstr("no encoder in role 'encodr'; did you mean 'encoder'?"));
  EXPECT_THAT(made.job->role_names(), ElementsAre("encoder"));
}

}  // namespace
}  // namespace kith::host::test
