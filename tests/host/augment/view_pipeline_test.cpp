// SPDX-License-Identifier: Apache-2.0
#include "augment/view_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <kith/error.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "small_augmentations.h"

namespace kith::host {
namespace {

using kith::testing::Add;
using kith::testing::Fails;
using kith::testing::Halve;
using kith::testing::InvertThenMean;
using kith::testing::make_small;
using kith::testing::Mirror;
using kith::testing::Quarter;
using kith::testing::RowMaximum;
using kith::testing::UpsideDown;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Picture {
  Picture(int height, int width, int channels) : size{height, width, channels} {
    const Draw noise({.seed = 1}, "picture");
    for (std::size_t i = 0; i < static_cast<std::size_t>(height * width * channels); ++i)
      pixels.push_back(static_cast<std::uint8_t>(noise.below_at(i, 256)));
  }
  ImageView view() const { return {pixels.data(), size[0], size[1], size[2]}; }
  std::array<int, 3> size;
  std::vector<std::uint8_t> pixels;
};

std::vector<float> run(const ViewPipeline& pipeline, const ImageView& image, const DrawKey& key) {
  ViewScratch scratch;
  std::vector<float> out(pipeline.spec().floats(), -1.0F);
  pipeline.run(image, key, out.data(), scratch);
  return out;
}

std::vector<std::uint8_t> replay(const ViewPipeline& pipeline, const ImageView& image,
                                 const DrawnView& drawn) {
  ViewScratch scratch;
  std::vector<std::uint8_t> out(pipeline.spec().floats());
  pipeline.replay_levels(image, drawn, out.data(), scratch);
  return out;
}

std::string message_of(const std::function<void()>& code) {
  try {
    code();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(ViewPipelineTest, GivesTheImageInUnitRangeWithoutAugmentations) {
  const Picture picture(2, 2, 3);
  const auto out =
      run(ViewPipeline({}, {.height = 2, .width = 2, .channels = 3}), picture.view(), {});
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_EQ(out[c * 4 + i], static_cast<float>(picture.pixels[i * 3 + c]) / 255.0F);
}

TEST(ViewPipelineTest, WritesChannelsLastOnRequest) {
  const Picture picture(50, 60, 3);
  const std::vector<AugmentationUse> list = {{make_small<Add>("add"), 1},
                                             {make_small<InvertThenMean>("mean"), 0.5}};
  for (const Arithmetic arithmetic : {Arithmetic::kPillow8, Arithmetic::kFloat}) {
    ViewSpec spec{.height = 50, .width = 50, .channels = 3, .arithmetic = arithmetic};
    const auto planes = run(ViewPipeline(list, spec), picture.view(), {.seed = 3});
    spec.channels_last = true;
    const auto last = run(ViewPipeline(list, spec), picture.view(), {.seed = 3});
    for (std::size_t i = 0; i < 2500; ++i)
      for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(planes[c * 2500 + i], last[i * 3 + c]);
  }
}

// More than one tile, so that the fused form and the single one are cut differently.
TEST(ViewPipelineTest, GivesFusedWhatItGivesStageByStage) {
  const Picture picture(70, 70, 3);
  const ViewSpec spec{.height = 70, .width = 70, .channels = 3, .channels_last = true};
  const std::vector<AugmentationUse> list = {{make_small<Quarter>("quarter"), 1},
                                             {make_small<Mirror>("mirror"), 1},
                                             {make_small<Add>("add"), 1},
                                             {make_small<Add>("add"), 1},
                                             {make_small<RowMaximum>("maximum"), 1},
                                             {make_small<Mirror>("mirror"), 1},
                                             {make_small<UpsideDown>("upside"), 1},
                                             {make_small<InvertThenMean>("mean"), 1},
                                             {make_small<Add>("add"), 1}};
  const ViewPipeline fused(list, spec);
  const DrawnView drawn = fused.draw(70, 70, {.seed = 5, .sample = 8});

  std::vector<std::uint8_t> stepwise = picture.pixels;
  for (std::size_t i = 0; i < list.size(); ++i)
    stepwise = replay(ViewPipeline({list[i]}, spec), {stepwise.data(), 70, 70, 3}, {drawn[i]});
  EXPECT_EQ(replay(fused, picture.view(), drawn), stepwise);
}

TEST(ViewPipelineTest, RoundsToTheNearestLevelAfterAStageThatDoesNot) {
  const std::vector<std::uint8_t> pixels = {10, 100, 250};
  const ViewPipeline pipeline({{make_small<Add>("add"), 1}, {make_small<Add>("add"), 1}},
                              {.height = 1, .width = 3, .channels = 1});
  // 10 + 2.5 rounds to 13, + 2.4 to 15; without rounding between them it would be 14.9.
  EXPECT_THAT(replay(pipeline, {pixels.data(), 1, 3, 1}, {{true, {2.5}}, {true, {2.4}}}),
              ElementsAre(15, 105, 255));
}

TEST(ViewPipelineTest, HandsTheMeanGreyLevelOfTheWholeViewToAPassThatAsks) {
  Picture picture(64, 64, 3);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < 64 * 64; ++i) {
    const auto level = [&](std::size_t c) { return 255 - int{picture.pixels[i * 3 + c]}; };
    sum += (19595 * level(0) + 38470 * level(1) + 7471 * level(2) + 32768) >> 16;
  }
  const ViewPipeline pipeline({{make_small<InvertThenMean>("mean"), 1}},
                              {.height = 64, .width = 64, .channels = 3});
  const auto expected = static_cast<int>(static_cast<double>(sum) / (64 * 64) + 0.5);
  EXPECT_THAT(replay(pipeline, picture.view(), {{true, {}}}), ::testing::Each(expected));
}

TEST(ViewPipelineTest, GivesTheSameBytesOnAnyThread) {
  const Picture picture(40, 50, 3);
  const ViewPipeline pipeline({{make_small<Quarter>("quarter"), 0.5},
                               {make_small<Add>("add"), 0.5},
                               {make_small<RowMaximum>("maximum"), 0.5},
                               {make_small<InvertThenMean>("mean"), 0.5}},
                              {.height = 32, .width = 32, .channels = 3});
  constexpr std::size_t kSamples = 64;
  std::vector<std::vector<float>> alone(kSamples), threaded(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i)
    alone[i] = run(pipeline, picture.view(), {.seed = 1, .sample = i});
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ViewScratch scratch;  // one for all views of the thread, in another order than above
      for (std::size_t i = kSamples; i-- > 0;) {
        if (i % 4 != t) continue;
        threaded[i].resize(pipeline.spec().floats());
        pipeline.run(picture.view(), {.seed = 1, .sample = i}, threaded[i].data(), scratch);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(alone, threaded);
  EXPECT_NE(alone[0], alone[1]);
}

TEST(ViewPipelineTest, ReplaysWhatItDrew) {
  const Picture picture(40, 50, 1);
  const ViewPipeline pipeline({{make_small<Quarter>("quarter"), 0.5}, {make_small<Add>("add"), 1}},
                              {.height = 20, .width = 20, .channels = 1});
  for (std::uint64_t sample = 0; sample < 8; ++sample) {
    const DrawKey key{.seed = 2, .epoch = 3, .sample = sample, .view = 1};
    ViewScratch scratch;
    std::vector<float> replayed(400);
    pipeline.replay(picture.view(), pipeline.draw(40, 50, key), replayed.data(), scratch);
    EXPECT_EQ(replayed, run(pipeline, picture.view(), key));
  }
}

TEST(ViewPipelineTest, AppliesAnAugmentationAsOftenAsItsProbabilitySays) {
  const ViewPipeline pipeline(
      {{make_small<Add>("add"), 0}, {make_small<Add>("add"), 0.3}, {make_small<Add>("add"), 1}},
      {.height = 2, .width = 2, .channels = 1});
  std::array<int, 3> times{};
  std::set<double> amounts;
  for (std::uint64_t sample = 0; sample < 2000; ++sample) {
    const DrawnView drawn = pipeline.draw(2, 2, {.seed = 9, .sample = sample});
    for (std::size_t i = 0; i < 3; ++i) times[i] += drawn[i].applied ? 1 : 0;
    amounts.insert(drawn[2].values.at(0));
  }
  EXPECT_EQ(times[0], 0);
  EXPECT_NEAR(times[1], 600, 100);  // 5 standard deviations of 20
  EXPECT_EQ(times[2], 2000);
  EXPECT_EQ(amounts.size(), 2000U);
}

TEST(ViewPipelineTest, ResizesTheShorterSideAndCropsTheMiddleWhereNothingElseFitsTheView) {
  Picture picture(10, 30, 1);
  std::fill(picture.pixels.begin(), picture.pixels.end(), std::uint8_t{0});
  for (std::size_t y = 0; y < 10; ++y)
    for (std::size_t x = 10; x < 20; ++x) picture.pixels[y * 30 + x] = 200;
  const ViewPipeline same({}, {.height = 10, .width = 10, .channels = 1});
  EXPECT_THAT(replay(same, picture.view(), {}), ::testing::Each(200));
  const ViewPipeline half({}, {.height = 5, .width = 5, .channels = 1});
  EXPECT_EQ(replay(half, picture.view(), {})[12], 200);
}

TEST(ViewPipelineTest, LeavesTheValuesOfAFinalAugmentationAlone) {
  const std::vector<std::uint8_t> pixels = {0, 51, 255};
  const ViewPipeline pipeline({{make_small<Halve>("halve"), 1}},
                              {.height = 1, .width = 1, .channels = 3});
  EXPECT_THAT(run(pipeline, {pixels.data(), 1, 1, 3}, {}), ElementsAre(0.0F, 0.1F, 0.5F));
}

TEST(ViewPipelineTest, RefusesChannelsThatAnAugmentationIsNotDefinedFor) {
  EXPECT_EQ(message_of([] {
              ViewPipeline({{make_small<Halve>("halve"), 1}},
                           {.height = 4, .width = 4, .channels = 1});
            }),
            "halve: is defined for images of 3 channels, these have 1; leave it out");
}

TEST(ViewPipelineTest, ReportsAllProblemsOfAListAtOnce) {
  const std::string message = message_of([] {
    ViewPipeline({{make_small<Add>("add"), 1.5},
                  {make_small<Quarter>("quarter"), 1},
                  {make_small<Halve>("halve"), 0.5},
                  {make_small<Mirror>("mirror"), 1}},
                 {.height = 4, .width = 4, .channels = 3, .resize = 3});
  });
  EXPECT_THAT(message, HasSubstr("add: probability must be in [0, 1], got 1.5"));
  EXPECT_THAT(
      message,
      HasSubstr(
          "quarter: must come before add, because it decides which pixels there are; move it up"));
  EXPECT_THAT(message, HasSubstr("halve: probability must be 1, got 0.5"));
  EXPECT_THAT(
      message,
      HasSubstr("mirror: must come before halve, after which values are no colours; move it up"));
  EXPECT_THAT(message,
              HasSubstr("augment: resize must be at least the view's size of 4 px, got 3"));
}

TEST(ViewPipelineTest, TakesACropBehindAPixelAugmentationWhereACropStandsAtTheHead) {
  const AugmentationUse crop{make_small<Quarter>("quarter"), 1}, add{make_small<Add>("add"), 1};
  const ViewSpec spec{.height = 4, .width = 4, .channels = 3};
  EXPECT_EQ(message_of([&] { ViewPipeline({crop, add, crop}, spec); }), "");
  EXPECT_EQ(message_of([&] { ViewPipeline({add, crop, crop}, spec); }),
            "quarter: must come before add, because it decides which pixels there are; move it up\n"
            "quarter: must come before add, because it decides which pixels there are; move it up");
}

TEST(ViewPipelineTest, NamesTheAugmentationThatFailed) {
  const Picture picture(4, 4, 1);
  const ViewPipeline pipeline({{make_small<Fails>("fails"), 1}},
                              {.height = 4, .width = 4, .channels = 1});
  EXPECT_EQ(message_of([&] { run(pipeline, picture.view(), {}); }),
            "augmentation 'fails' failed in apply: fails: the sky fell");
}

TEST(ViewPipelineTest, RefusesAnImageOfOtherChannels) {
  const Picture picture(4, 5, 3);
  const ViewPipeline pipeline({}, {.height = 4, .width = 4, .channels = 1});
  EXPECT_EQ(message_of([&] { run(pipeline, picture.view(), {}); }),
            "augment: the image must have 1 channels and at least one pixel, got [4, 5, 3]");
}

TEST(ViewPipelineTest, RefusesDrawnParametersThatDoNotFitTheList) {
  const Picture picture(4, 4, 1);
  const ViewPipeline pipeline({{make_small<Add>("add"), 1}},
                              {.height = 4, .width = 4, .channels = 1});
  EXPECT_THAT(message_of([&] { replay(pipeline, picture.view(), {}); }),
              HasSubstr("must have one entry for each of the 1 augmentations, got 0"));
  EXPECT_EQ(message_of([&] { replay(pipeline, picture.view(), {{true, {1, 2}}}); }),
            "add: draws 1 numbers, got 2");
  EXPECT_EQ(message_of([&] { pipeline.field(0, "factor"); }), "add: draws no field 'factor'");
}

TEST(AugmentationTest, RefusesANoteThatDoesNotBelongToItsTable) {
  PluginMetadata metadata;
  metadata.name = "add";
  metadata.facts = {{"stage", "pixel", "", ""}};
  const auto make = [&] {
    Augmentation(*kith::testing::small_host(),
                 *static_cast<const kith_augmentation_api*>(Add::table<Add>()), metadata, {});
  };
  EXPECT_EQ(message_of(make),
            "augmentation 'add': its note and its table differ in stage or fields");
  metadata.facts = {{"stage", "signal", "", ""}};
  EXPECT_EQ(
      message_of(make),
      "augmentation 'add': this host has no stage 'signal'; it has geometry, pixel, filter, image");
  metadata.facts.clear();
  EXPECT_EQ(message_of(make), "augmentation 'add': its note declares no stage");
}

}  // namespace
}  // namespace kith::host
