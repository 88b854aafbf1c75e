// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "host/model/fixture_job.h"
#include "tensor/operator_call.h"

namespace kith::host::test {
namespace {

/// A method with a queue and a key encoder, as MoCo has them, in the SDK's words alone.
class QueueMethodTest : public testing::Test {
 protected:
  const Plan plan{.method = "queue_method",
                  .method_options = {{"queue_size", {std::int64_t{24}}},
                                     {"ema_momentum", {Schedule{"constant", 0.9, 0.9}}}},
                  .epochs = 20};

  static at::Tensor keys_of(FixtureJob& made, const at::Tensor& view) {
    const at::NoGradGuard no_grad;
    auto* encoder = made.job->find_role("encoder", "key");
    const auto features = made.job->call(encoder, view, 1)[0];
    const auto hidden =
        at::relu(at::linear(features, made.parameter("method.projector@key.0.weight"),
                            made.parameter("method.projector@key.0.bias")));
    const auto z = at::linear(hidden, made.parameter("method.projector@key.2.weight"),
                              made.parameter("method.projector@key.2.bias"));
    return z / z.norm(2, {1}, true);
  }
};

TEST_F(QueueMethodTest, TheNewestKeysTakeThePlaceOfTheOldest) {
  FixtureJob made(plan);
  auto expected = made.buffer("method.queue").clone();
  EXPECT_TRUE(at::allclose(expected.norm(2, {1}), at::ones({24}, on_device(at::kDouble))))
      << "it begins with unit rows";
  for (std::int64_t step = 0; step < 7; ++step) {
    made.run(step);
    // The key encoder moves before the step, so after it its weights are those that made the keys.
    expected.narrow(0, step % 3 * 8, 8).copy_(keys_of(made, made.batch(step).views[1]));
    EXPECT_TRUE(at::allclose(made.buffer("method.queue"), expected, 1e-12, 1e-12)) << step;
    EXPECT_EQ(made.buffer("method.next").item<std::int64_t>(), (step + 1) % 3 * 8);
  }
  EXPECT_EQ(made.buffer("method.next").dim(), 0);
}

TEST_F(QueueMethodTest, ReadsNothingBackInAStep) {
  FixtureJob made(plan);
  made.run(0);
  const auto before = read_backs();
  made.run(1);
  EXPECT_EQ(read_backs(), before);
}

TEST_F(QueueMethodTest, TheQueueIsExported) {
  FixtureJob made(plan);
  EXPECT_EQ(made.job->state().find_buffer("method.queue")->export_kind, "queue");
}

TEST_F(QueueMethodTest, TheLossIsTheCrossEntropyOfTheKeyAgainstTheQueue) {
  FixtureJob made(plan);
  const auto queue = made.buffer("method.queue").clone();
  const auto loss = made.run(0);
  // At the first step the key encoder is the query encoder, and it has not moved since.
  const auto query = keys_of(made, made.batch(0).views[0]),
             key = keys_of(made, made.batch(0).views[1]);
  const auto logits = at::cat({(query * key).sum(1, true), query.mm(queue.t())}, 1) / 0.07;
  EXPECT_NEAR(loss.item<double>(),
              at::cross_entropy_loss(logits, at::zeros({8}, on_device(at::kLong))).item<double>(),
              1e-12);
}

TEST_F(QueueMethodTest, RanksEnqueueTheKeysOfAll) {
  auto on_cpu = plan;
  on_cpu.device = at::kCPU;
  std::vector<at::Tensor> queues(2);
  on_ranks(2, [&](int rank, std::unique_ptr<Communicator> ranks) {
    FixtureJob made(on_cpu, std::move(ranks));
    auto half = made.batch(0, rank * 4, 4);
    made.job->method_step(half);
    made.job->method_after_optimizer(half);
    queues[static_cast<std::size_t>(rank)] = made.buffer("method.queue").clone();
  });
  EXPECT_TRUE(at::equal(queues[0], queues[1])) << "equal over ranks";
  FixtureJob one(on_cpu);
  auto whole = one.batch(0);
  one.job->method_step(whole);
  one.job->method_after_optimizer(whole);
  EXPECT_TRUE(at::allclose(queues[0], one.buffer("method.queue"), 1e-12, 1e-12))
      << "as one rank with the whole batch";
}

TEST_F(QueueMethodTest, ValidatesAcrossOptions) {
  const auto method = fixture("method", "queue_method", {{"queue_size", {std::int64_t{30}}}});
  const auto args = method->arguments.args();
  EXPECT_EQ(method->api<kith_method_api>().validate(
                args.data(), static_cast<std::uint32_t>(args.size()), 8, 100),
            KITH_ERROR);
  EXPECT_EQ(method->api<kith_method_api>().validate(
                args.data(), static_cast<std::uint32_t>(args.size()), 15, 100),
            KITH_OK);
}

}  // namespace
}  // namespace kith::host::test
