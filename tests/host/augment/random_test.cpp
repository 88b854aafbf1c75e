// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <kith/random.hpp>
#include <numeric>
#include <set>
#include <vector>

namespace kith {
namespace {

// kat_vectors of Random123 1.14, philox4x32 with 10 rounds.
TEST(PhiloxTest, GivesThePublishedVectors) {
  EXPECT_EQ(Philox::block({0, 0, 0, 0}, {0, 0}),
            (Philox::Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox::block({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Philox::Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      Philox::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (Philox::Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(PhiloxTest, RunsAtCompileTime) {
  static_assert(Philox::block({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5);
  static_assert(Draw({.seed = 1}, "x").uniform_at(0) < 1);
}

// The first run of this code (Kith 0.1.0): the layout of key and counter never changes again.
TEST(DrawTest, KeepsItsLayout) {
  const Draw draw({.seed = 1,
                   .purpose = DrawPurpose::kTest,
                   .epoch = 2,
                   .step = 3,
                   .sample = 4,
                   .view = 5,
                   .operation = 6},
                  "area");
  EXPECT_EQ(draw.bits_at(0), 0x763002c08e4e70a5U);
  EXPECT_EQ(draw.bits_at(1), 0x31e8572626dc6608U);
  EXPECT_EQ(draw.bits_at(2), 0x58e0af7c2c346c25U);
  EXPECT_EQ(draw.uniform_at(0), 0.46167008591720005);
  EXPECT_EQ(draw.below_at(0, 1000), 461U);
}

TEST(DrawTest, DiffersInEveryPartOfItsKeyAndInItsName) {
  const DrawKey key{.seed = 1, .epoch = 1, .step = 1, .sample = 1, .view = 1, .operation = 1};
  std::vector<DrawKey> keys(8, key);
  keys[1].seed = 2;
  keys[2].purpose = DrawPurpose::kStep;
  keys[3].epoch = 2;
  keys[4].step = 2;
  keys[5].sample = 2;
  keys[6].view = 2;
  keys[7].operation = 2;
  std::set<std::uint64_t> seen = {Draw(key, "other").bits_at(0)};
  for (const DrawKey& k : keys) seen.insert(Draw(k, "name").bits_at(0));
  DrawKey far = key;
  far.sample += std::uint64_t{1} << 32;  // beyond the counter's word
  seen.insert(Draw(far, "name").bits_at(0));
  EXPECT_EQ(seen.size(), 10U);
}

TEST(DrawTest, GivesInTurnWhatItGivesByIndex) {
  Draw in_turn({.seed = 3}, "x");
  const Draw by_index({.seed = 3}, "x");
  for (std::uint64_t i = 0; i < 9; ++i) EXPECT_EQ(in_turn.uniform(), by_index.uniform_at(i));
}

TEST(DrawTest, FillsPartsOfATensorAsTheWhole) {
  const Draw draw({.seed = 4}, "weight");
  std::vector<float> whole(101), parts(101);
  fill_uniform(draw, std::span<float>(whole), -1.0F, 1.0F);
  const std::span<float> out(parts);
  fill_uniform(draw, out.subspan(40), -1.0F, 1.0F, 40);
  fill_uniform(draw, out.first(40), -1.0F, 1.0F);
  EXPECT_EQ(whole, parts);
}

TEST(DrawTest, CutsFloatsToTwentyFourBitsSoThatOneIsNeverReached) {
  const Draw draw({.seed = 5}, "x");
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_LT(draw.uniform_float_at(i), 1.0F);
    EXPECT_NEAR(draw.uniform_float_at(i), draw.uniform_at(i), 0x1p-24);
    EXPECT_LE(static_cast<double>(draw.uniform_float_at(i)), draw.uniform_at(i));
  }
}

// Standard errors of 100,000 numbers: mean of a uniform 0.0009, of a normal 0.0032, its variance
// 0.0045.
TEST(DrawTest, HasTheMomentsOfItsDistributions) {
  const Draw draw({.seed = 6}, "x");
  constexpr std::uint64_t kCount = 100000;
  double uniform = 0, normal = 0, square = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    uniform += draw.uniform_at(i);
    normal += draw.normal_at(i);
    square += draw.normal_at(i) * draw.normal_at(i);
  }
  EXPECT_NEAR(uniform / kCount, 0.5, 0.004);
  EXPECT_NEAR(normal / kCount, 0, 0.013);
  EXPECT_NEAR(square / kCount, 1, 0.018);
}

TEST(DrawTest, ShufflesIntoEveryOrderEquallyOften) {
  std::array<int, 6> times{};
  for (std::uint64_t sample = 0; sample < 6000; ++sample) {
    std::array order = {0, 1, 2};
    Draw({.seed = 7, .sample = sample}, "order").shuffle(std::span<int>(order));
    std::array sorted = {0, 1, 2};
    std::size_t rank = 0;
    while (sorted != order) {
      std::next_permutation(sorted.begin(), sorted.end());
      ++rank;
    }
    ++times[rank];
  }
  for (const int n : times) EXPECT_NEAR(n, 1000, 150);  // 5 standard deviations of 29
}

}  // namespace
}  // namespace kith
