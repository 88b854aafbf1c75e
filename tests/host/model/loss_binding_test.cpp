// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

at::Tensor loss_of(const std::string& bind) {
  FixtureJob made({.method = "bound_method", .method_options = {{"bind", {bind}}}});
  return made.run(0);
}

std::string refusal_of(const Changes& options) {
  return thrown<kith::Error>(
      [&] { FixtureJob({.method = "bound_method", .method_options = options}); });
}

TEST(LossBindingTest, InputsGoToTheirNamesInAnyOrder) {
  FixtureJob made({.method = "bound_method"});
  const auto batch = made.batch(0);
  auto* encoder = made.job->find_role("encoder");
  const auto query = made.job->call(encoder, batch.views[0], 1)[0],
             key = made.job->call(encoder, batch.views[1], 1)[0];
  const auto expected = (query - 2 * key).square().sum(1).mean().item<double>();
  EXPECT_NEAR(loss_of("query_key").item<double>(), expected, 1e-12);
  EXPECT_NEAR(loss_of("key_query").item<double>(), expected, 1e-12);
  EXPECT_NEAR(loss_of("all").item<double>(), 3 * expected, 1e-12) << "the optional weight of 3";
}

TEST(LossBindingTest, AnUnknownInputIsRefusedWithTheNearestName) {
  EXPECT_THAT(refusal_of({{"bind", {"misspelled"}}}),
              HasSubstr("org.test.two_inputs: the loss has no input 'querry' that the method "
                        "binds; it has 'query'"));
}

TEST(LossBindingTest, AMissingInputIsRefused) {
  EXPECT_THAT(
      refusal_of({{"bind", {"no_key"}}}),
      HasSubstr(
          "org.test.two_inputs: the loss wants an input 'key' that the method does not give"));
}

TEST(LossBindingTest, AnOptionThatNamesNoPluginIsRefused) {
  EXPECT_THAT(refusal_of({{"option", {"los"}}}),
              HasSubstr("no plugin in option 'los' of org.test.bound_method"));
}

TEST(LossBindingTest, ErrorsOfTheLossNameLossMethodCallAndStep) {
  FixtureJob made({.method = "bound_method"});
  auto batch = made.batch(0);
  batch.views[1] = batch.views[1].narrow(0, 0, 3);
  EXPECT_THAT(
      thrown<ShapeError>([&] { made.training->run(batch, 5); }),
      testing::AllOf(
          testing::StartsWith(
              "org.test.bound_method: step (step 5): org.test.two_inputs: forward: aten::sub: "),
          HasSubstr("(self [8, 4], other [3, 4])")));
}

}  // namespace
}  // namespace kith::host::test
