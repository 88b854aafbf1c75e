// SPDX-License-Identifier: Apache-2.0
#include "eval/held_out_views.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "host/model/tiny_experiment.h"

namespace kith::host::test {
namespace {

const std::string kCrops =
    "[[evaluation]]\nplugin = \"view_retrieval\"\nevery_epochs = 1\n"
    "augment = [{ plugin = \"random_resized_crop\", area = [0.1, 0.6] }]\n";

/// The pixels of both views of the images that are chosen, [n, D] each.
std::vector<at::Tensor> pixels_of(std::vector<std::string> overrides, std::int64_t images,
                                  const std::string& evaluation = kCrops) {
  const TinyExperiment tiny(evaluation, std::move(overrides));
  const Assembly assembly = tiny.assemble();
  auto part = assembly.evaluations.at(0);
  part.view_images = images;
  return HeldOutViews(assembly, part, 1).pixels(32);
}

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return at::equal(a.at(0), b.at(0)) && at::equal(a.at(1), b.at(1));
}

TEST(HeldOutViewsTest, AreOfTheSameDrawsForEverySeedAndMethod) {
  const auto views = pixels_of({}, 2000);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_FALSE(at::equal(views[0], views[1])) << "two crops of an image";
  EXPECT_TRUE(equal(views, pixels_of({"seed=9"}, 2000)));
  EXPECT_TRUE(equal(views, pixels_of({"method.plugin=supervised"}, 2000)))
      << "whose own views have another list";
  EXPECT_TRUE(equal(views, pixels_of({"method.plugin=simclr", "views.0.count=2"}, 2000)));
}

TEST(HeldOutViewsTest, AreOfTheImagesWhoseNamesHashIsSmallest) {
  const auto all = pixels_of({}, 2000), few = pixels_of({}, 2);
  ASSERT_GT(all[0].size(0), 2);
  ASSERT_EQ(few[0].size(0), 2);
  for (const std::size_t view : {0U, 1U})
    EXPECT_TRUE(at::equal(few[view], all[view].narrow(0, 0, 2)));
}

/// How many images val has, and of how many the evaluation has views as it is assembled.
std::pair<std::int64_t, std::int64_t> val_and_viewed(const TinyExperiment& tiny) {
  const Assembly assembly = tiny.assemble();
  const auto views = HeldOutViews(assembly, assembly.evaluations.at(0), 1).pixels(32);
  return {assembly.dataset->size(Split::kVal), views.at(0).size(0)};
}

TEST(HeldOutViewsTest, AreOfAllOfVal) {
  const auto [val, viewed] = val_and_viewed(TinyExperiment(kCrops));
  EXPECT_GT(val, 0);
  EXPECT_EQ(viewed, val);
}

TEST(HeldOutViewsTest, AreOfTwoThousandImagesOfALargerVal) {
  const TinyExperiment tiny(kCrops, {"data.val_fraction=0.5"});
  constexpr std::uint32_t kImages = 5000;
  std::vector<std::uint8_t> pixels, classes;
  for (std::uint32_t i = 0; i < kImages * 16; ++i)
    pixels.push_back(static_cast<std::uint8_t>(i * 2654435761U >> 24));
  for (std::uint32_t i = 0; i < kImages; ++i) classes.push_back(static_cast<std::uint8_t>(i % 3));
  write_idx(tiny.folder() / "data" / "train-images-idx3-ubyte", {kImages, 4, 4}, pixels);
  write_idx(tiny.folder() / "data" / "train-labels-idx1-ubyte", {kImages}, classes);
  const auto [val, viewed] = val_and_viewed(tiny);
  EXPECT_GT(val, 2000);
  EXPECT_EQ(viewed, 2000);
}

TEST(HeldOutViewsTest, WithoutAListOfItsOwnHaveThatOfTheFirstViews) {
  const std::string bare = "[[evaluation]]\nplugin = \"view_retrieval\"\nevery_epochs = 1\n";
  const auto own = pixels_of({}, 2000), first_views = pixels_of({"views.0.augment=[]"}, 2000, bare);
  EXPECT_TRUE(at::equal(first_views[0], first_views[1])) << "the image itself";
  EXPECT_FALSE(at::equal(own[0], first_views[0]));
}

}  // namespace
}  // namespace kith::host::test
