// SPDX-License-Identifier: Apache-2.0
#include "model/ranks.h"

#include <gmock/gmock.h>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

at::Tensor rows_of(int rank) { return at::arange(6, at::kDouble).view({2, 3}) + 10 * rank; }

TEST(RanksTest, GatherGivesTheRowsOfAllRanksInTheirOrder) {
  for (const int n : {2, 3}) {
    std::vector<at::Tensor> all;
    for (int r = 0; r < n; ++r) all.push_back(rows_of(r));
    on_ranks(n, [&](int rank, std::unique_ptr<Communicator> ranks) {
      EXPECT_EQ(ranks->ranks(), n);
      EXPECT_EQ(ranks->rank(), rank);
      for (int again = 0; again < 3; ++again) {
        const auto own = rows_of(rank).requires_grad_(true);
        const auto gathered = gather_rows(*ranks, own, false);
        EXPECT_TRUE(at::equal(gathered, at::cat(all)));
        EXPECT_FALSE(gathered.requires_grad());
      }
    });
  }
}

TEST(RanksTest, TheGradientOfAGatherIsTheSumOverRanks) {
  for (const int n : {2, 3}) {
    on_ranks(n, [&](int rank, std::unique_ptr<Communicator> ranks) {
      const auto own = rows_of(rank).requires_grad_(true);
      const auto gathered = gather_rows(*ranks, own, true);
      // Rank r weighs row i of all rows by (r + 1)(i + 1): the sum over ranks is (1 + ... + n)(i +
      // 1).
      const auto weight = (at::arange(gathered.size(0), at::kDouble) + 1).unsqueeze(1) * (rank + 1);
      (gathered * weight).sum().backward();
      const auto expected =
          (at::arange(2, at::kDouble) + 1 + 2 * rank).unsqueeze(1).expand({2, 3}) *
          (n * (n + 1) / 2);
      EXPECT_TRUE(at::equal(own.grad(), expected)) << "rank " << rank;
    });
  }
}

TEST(RanksTest, AllReduceSumsWithoutAGradient) {
  on_ranks(3, [](int rank, std::unique_ptr<Communicator> ranks) {
    const auto own = at::full({2}, rank + 1.0, at::kDouble).requires_grad_(true);
    const auto sum = all_reduce_sum(*ranks, own);
    EXPECT_TRUE(at::equal(sum, at::full({2}, 6.0, at::kDouble)));
    EXPECT_FALSE(sum.requires_grad());
    EXPECT_EQ(own[0].item<double>(), rank + 1.0) << "what was given stays as it was";
  });
}

TEST(RanksTest, OneRankAloneGathersItself) {
  const auto ranks = make_single_rank();
  const auto own = rows_of(0).requires_grad_(true);
  EXPECT_TRUE(gather_rows(*ranks, own, true).requires_grad());
  EXPECT_FALSE(gather_rows(*ranks, own, false).requires_grad());
  EXPECT_TRUE(at::equal(all_reduce_sum(*ranks, own), own));
}

TEST(RanksTest, AFailingRankDoesNotLeaveTheOthersWaiting) {
  int woken = 0;
  std::mutex mutex;
  const auto text = thrown<DataError>([&] {
    on_ranks(3, [&](int rank, std::unique_ptr<Communicator> ranks) {
      const auto waits = [&] {
        return thrown<Error>([&] { gather_rows(*ranks, rows_of(rank), false); });
      };
      if (rank == 1) throw DataError("rank 1 fails");
      EXPECT_THAT(waits(), HasSubstr("another rank failed"));
      EXPECT_THAT(waits(), HasSubstr("another rank failed")) << "and so on";
      const std::lock_guard lock(mutex);
      ++woken;
    });
  });
  EXPECT_EQ(text, "rank 1 fails");
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace kith::host::test
