// SPDX-License-Identifier: Apache-2.0
#include "model/batch_norm.h"

#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

struct Norm {
  at::Tensor weight, bias, mean, var;
  explicit Norm(std::int64_t channels)
      : weight((at::arange(channels, at::kDouble) * 0.3 + 0.5).requires_grad_(true)),
        bias((at::arange(channels, at::kDouble) * 0.1).requires_grad_(true)),
        mean(at::full({channels}, 0.25, at::kDouble)),
        var(at::full({channels}, 2.0, at::kDouble)) {}
  BatchNormCall call(const at::Tensor& x) const {
    BatchNormCall c;
    c.input = x;
    c.weight = weight;
    c.bias = bias;
    c.running_mean = mean;
    c.running_var = var;
    return c;
  }
};

at::Tensor rows(at::IntArrayRef sizes) {
  const auto n = c10::multiply_integers(sizes);
  const auto i = at::arange(n, at::kDouble);
  return ((i * 1.3).sin() * 2 + (i * 0.21).cos()).view(sizes);
}

TEST(BatchNormTest, EqualsLibTorchInTrainingAndInEvaluation) {
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{6, 3}, {4, 3, 2, 2}}) {
    Norm a(3), b(3);
    const auto x = rows(sizes);
    EXPECT_TRUE(at::equal(batch_norm(a.call(x)), at::batch_norm(x, b.weight, b.bias, b.mean, b.var,
                                                                true, 0.1, 1e-5, false)));
    EXPECT_TRUE(at::equal(a.mean, b.mean));
    EXPECT_TRUE(at::equal(a.var, b.var));
    auto evaluation = a.call(x);
    evaluation.training = evaluation.update = false;
    EXPECT_TRUE(at::equal(batch_norm(evaluation), at::batch_norm(x, b.weight, b.bias, b.mean, b.var,
                                                                 false, 0.1, 1e-5, false)));
    EXPECT_TRUE(at::equal(a.mean, b.mean)) << "evaluation moves nothing";
  }
}

TEST(BatchNormTest, ASecondRunNormalisesByTheBatchAndMovesNothing) {
  Norm a(3), b(3);
  const auto x = rows({6, 3});
  auto again = a.call(x);
  again.update = false;
  EXPECT_TRUE(at::equal(batch_norm(again), batch_norm(b.call(x))));
  EXPECT_TRUE(at::equal(a.mean, at::full({3}, 0.25, at::kDouble)));
}

TEST(BatchNormTest, GroupsEqualEachGroupByItself) {
  constexpr std::int64_t kGroups = 3;
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{12, 2}, {6, 2, 3, 1}}) {
    Norm a(2);
    const auto x = rows(sizes).requires_grad_(true), y = rows(sizes).requires_grad_(true);
    auto call = a.call(x);
    call.groups = kGroups;
    const auto out = batch_norm(call);
    auto mean = at::zeros({2}, at::kDouble), var = at::zeros({2}, at::kDouble);
    at::Tensor loss = at::zeros({}, at::kDouble);
    for (std::int64_t g = 0; g < kGroups; ++g) {
      Norm own(2);
      const auto index = at::arange(g, sizes[0], kGroups, at::kLong);  // row n is in group n mod g
      const auto expected = batch_norm(own.call(y.index_select(0, index)));
      EXPECT_TRUE(at::allclose(out.index_select(0, index), expected, 1e-12, 1e-12))
          << "group " << g;
      loss = loss + expected.pow(3).sum();
      mean += own.mean / kGroups;
      var += own.var / kGroups;
    }
    EXPECT_TRUE(at::allclose(a.mean, mean, 1e-12, 1e-12)) << "the mean over groups";
    EXPECT_TRUE(at::allclose(a.var, var, 1e-12, 1e-12));
    out.pow(3).sum().backward();
    loss.backward();
    EXPECT_TRUE(at::allclose(x.grad(), y.grad(), 1e-10, 1e-10));
  }
}

TEST(BatchNormTest, RowsThatTheGroupsDoNotDivideAreAnError) {
  Norm a(2);
  auto call = a.call(rows({7, 2}));
  call.groups = 3;
  EXPECT_EQ(thrown<ShapeError>([&] { batch_norm(call); }),
            "the rows must be divisible by the groups, got 7 rows and 3 groups");
  EXPECT_THAT(thrown<ShapeError>([&] { batch_norm(a.call(rows({7}))); }),
              HasSubstr("wanted [N, C, ...], got [7]"));
}

/// One rank with the whole batch against two with half of it each; `groups` over the whole batch.
void check_two_ranks(std::int64_t groups) {
  Norm one(2);
  const auto whole = rows({8, 2, 2, 1}).requires_grad_(true);
  auto call = one.call(whole);
  call.groups = groups;
  const auto expected = batch_norm(call);
  expected.pow(3).sum().backward();

  std::vector<at::Tensor> out(2), grad(2), weight_grad(2), mean(2), var(2);
  on_ranks(2, [&](int rank, std::unique_ptr<Communicator> ranks) {
    const auto r = static_cast<std::size_t>(rank);
    Norm own(2);
    const auto x = whole.detach().narrow(0, rank * 4, 4).clone().requires_grad_(true);
    auto c = own.call(x);
    c.ranks = ranks.get();
    c.groups = groups;
    out[r] = batch_norm(c);
    out[r].pow(3).sum().backward();
    grad[r] = x.grad();
    weight_grad[r] = own.weight.grad();
    mean[r] = own.mean;
    var[r] = own.var;
  });
  // 1e-10: float64, sums in another order, a cube.
  EXPECT_TRUE(at::allclose(at::cat(out), expected, 1e-10, 1e-10));
  EXPECT_TRUE(at::allclose(at::cat(grad), whole.grad(), 1e-9, 1e-9));
  EXPECT_TRUE(at::allclose(weight_grad[0] + weight_grad[1], one.weight.grad(), 1e-10, 1e-10))
      << "gradients are summed";
  for (const auto r : {0U, 1U}) {
    EXPECT_TRUE(at::allclose(mean[r], one.mean, 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(var[r], one.var, 1e-12, 1e-12));
  }
}

TEST(BatchNormTest, TwoSynchronisedRanksEqualOneWithTheWholeBatch) { check_two_ranks(1); }

TEST(BatchNormTest, GroupsAreOfTheWholeBatchOverRanks) { check_two_ranks(2); }

TEST(BatchNormTest, ARolesGroupsReachItsLayersAndAreTheMethodsChoice) {
  const Changes norm{{"norm", {true}}};
  FixtureJob plain({.encoder_options = norm}),
      split({.method_options = {{"groups", {std::int64_t{4}}}}, .encoder_options = norm});
  EXPECT_NE(plain.run(0).item<double>(), split.run(0).item<double>());
  EXPECT_EQ(thrown<ShapeError>([&] {
              FixtureJob odd(
                  {.method_options = {{"groups", {std::int64_t{3}}}}, .encoder_options = norm});
              odd.run(0);
            }),
            "org.test.plain_method: step (step 0): encoder: forward: batch_norm: the rows must be "
            "divisible by "
            "the groups, got 8 rows and 3 groups");
}

/// Two ranks with half of the batch each against one with all of it: loss, gradient, statistics.
void expect_two_ranks_train_as_one(Plan plan, double relative) {
  plan.device = at::kCPU;
  FixtureJob one(plan);
  auto whole = one.batch(0);
  one.job->set_training(true);
  const auto loss = one.backward(whole);
  std::vector<at::Tensor> losses(2), grads(2), means(2);
  on_ranks(2, [&](int rank, std::unique_ptr<Communicator> ranks) {
    const auto r = static_cast<std::size_t>(rank);
    FixtureJob own(plan, std::move(ranks));
    auto half = own.batch(0, rank * 4, 4);
    losses[r] = own.backward(half);
    grads[r] = own.parameter("encoder.first.0.weight").grad();
    means[r] = own.buffer("encoder.first.1.running_mean").clone();
  });
  EXPECT_NEAR(((losses[0] + losses[1]) / 2).item<double>(), loss.item<double>(), 1e-12);
  EXPECT_TRUE(at::allclose((grads[0] + grads[1]) / 2,
                           one.parameter("encoder.first.0.weight").grad(), relative, 1e-10));
  EXPECT_TRUE(at::allclose(means[1], one.buffer("encoder.first.1.running_mean"), 1e-12, 1e-12));
}

TEST(BatchNormTest, ASynchronisedRoleOverTwoRanksTrainsAsOneWithTheWholeBatch) {
  expect_two_ranks_train_as_one(
      {.method_options = {{"synchronised", {true}}}, .encoder_options = {{"norm", {true}}}}, 1e-10);
}

// Without a word of the method, so that two devices train as one does.
TEST(BatchNormTest, ShippedMethodsOverTwoRanksTrainAsOneWithTheWholeBatch) {
  for (const std::string method : {"simclr", "byol", "simsiam"}) {
    SCOPED_TRACE(method);
    Plan plan;
    plan.method = method;
    plan.encoder_options = {{"norm", {true}}};
    expect_two_ranks_train_as_one(plan, 1e-8);
  }
}

}  // namespace
}  // namespace kith::host::test
