// SPDX-License-Identifier: Apache-2.0
//
// Views of images of which no more is decoded than they are made from.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../../host/data/data_files.h"
#include "data/loader.h"
#include "shipped_augmentation.h"

namespace kith::testing {
namespace {

using host::Arithmetic;
using host::Image;
using host::ImagePart;
using host::ImageSize;
using host::ImageView;
using host::ResizeFilter;
using host::SampleKey;
using host::ViewPipeline;
using host::ViewScratch;
using host::ViewSpec;

ImageView view_of(const Image& image) {
  return {image.pixels.data(), image.size.height, image.size.width, image.size.channels};
}

/// Lists that take their pixels from the image in different ways.
std::vector<ViewPipeline> pipelines() {
  const ViewSpec spec{.height = 24, .width = 24, .channels = 3};
  ViewSpec floats = spec, eval = spec;
  floats.arithmetic = Arithmetic::kFloat;
  eval.resize = 32;
  eval.resize_filter = ResizeFilter::kBicubic;
  const auto crop = load_augmentation("random_resized_crop");
  const auto bicubic = load_augmentation("random_resized_crop", {{"filter", {"bicubic"}}});
  const auto rotation = load_augmentation("rotation", {{"degrees", {30.0}}});
  const auto flip = load_augmentation("flip"), turn = load_augmentation("quarter_turn");
  std::vector<ViewPipeline> all;
  all.emplace_back(std::vector<host::AugmentationUse>{{crop, 1}, {flip, 0.5}}, spec);
  all.emplace_back(std::vector<host::AugmentationUse>{{bicubic, 1}, {flip, 0.5}}, floats);
  all.emplace_back(std::vector<host::AugmentationUse>{{crop, 0.5}, {rotation, 0.5}}, spec);
  all.emplace_back(std::vector<host::AugmentationUse>{{rotation, 1}, {crop, 1}}, floats);
  all.emplace_back(
      std::vector<host::AugmentationUse>{{crop, 1}, {load_augmentation("gaussian_blur"), 1}}, spec);
  all.emplace_back(std::vector<host::AugmentationUse>{{turn, 1}, {crop, 1}}, spec);
  all.emplace_back(std::vector<host::AugmentationUse>{{crop, 1}, {turn, 1}, {rotation, 0.5}}, spec);
  all.emplace_back(std::vector<host::AugmentationUse>{}, eval);
  return all;
}

TEST(PartViewsTest, MakesEveryViewFromItsPartAlone) {
  const Image image = host::test::noise_image(57, 83, 3, 1);
  int parts_that_are_smaller = 0;
  for (const ViewPipeline& pipeline : pipelines())
    for (std::uint64_t sample = 0; sample < 40; ++sample) {
      const DrawKey key{.seed = 3, .sample = sample};
      ViewScratch scratch;
      const ImagePart part = pipeline.part(57, 83, key, scratch);
      ASSERT_TRUE(fits(part, image.size));
      if (part != whole_of(image.size)) ++parts_that_are_smaller;
      Image partial = image;
      for (int y = 0; y < 57; ++y)
        for (int x = 0; x < 83; ++x)
          if (y < part.top || y >= part.bottom() || x < part.left || x >= part.right())
            std::fill_n(partial.pixels.begin() + (y * 83 + x) * 3, 3, std::uint8_t{0xa5});
      std::vector<float> whole(pipeline.spec().floats()), made(whole.size());
      pipeline.run(view_of(image), key, whole.data(), scratch);
      pipeline.run(view_of(partial), key, made.data(), scratch);
      ASSERT_EQ(made, whole) << "sample " << sample;
    }
  EXPECT_GT(parts_that_are_smaller, 100);
}

/// Two views by one list, the parts named or not.
class TwoViews : public host::ViewMaker {
 public:
  TwoViews(const ViewPipeline& pipeline, bool names_parts)
      : pipeline_(pipeline), names_parts_(names_parts) {}
  struct Scratch : ThreadState {
    ViewScratch views;
  };
  std::unique_ptr<ThreadState> make_thread_state() const override {
    return std::make_unique<Scratch>();
  }
  ImagePart part(const ImageSize& size, const SampleKey& key, int view,
                 ThreadState& state) const override {
    if (!names_parts_) return ViewMaker::part(size, key, view, state);
    return pipeline_.part(size.height, size.width, draw_key(key, view),
                          static_cast<Scratch&>(state).views);
  }
  void make_view(const Image& image, const SampleKey& key, int view, float* slot,
                 ThreadState& state) const override {
    pipeline_.run(view_of(image), draw_key(key, view), slot, static_cast<Scratch&>(state).views);
  }

 private:
  static DrawKey draw_key(const SampleKey& key, int view) {
    return {.seed = key.seed,
            .epoch = static_cast<std::uint32_t>(key.epoch),
            .sample = static_cast<std::uint64_t>(key.index),
            .view = static_cast<std::uint32_t>(view)};
  }

  const ViewPipeline& pipeline_;
  bool names_parts_;
};

std::vector<float> load_all(const host::Dataset& dataset, const ViewPipeline& pipeline,
                            bool names_parts) {
  const TwoViews maker(pipeline, names_parts);
  host::LoaderSettings settings;
  settings.batch_size = 8;
  settings.view_floats = {pipeline.spec().floats(), pipeline.spec().floats()};
  settings.seed = 7;
  settings.end_epoch = 3;
  host::Loader loader(dataset, maker, settings);
  std::vector<float> all;
  host::Batch batch;
  while (loader.next(batch))
    for (const auto& view : batch.views)
      all.insert(all.end(), view.data(), view.data() + view.size());
  return all;
}

TEST(PartViewsTest, EqualThoseOfWholeImagesFromJpegFiles) {
  const host::test::TempFolder folder;
  for (int i = 0; i < 8; ++i) {
    const int height = 40 + 13 * i, width = 120 - 9 * i;
    const Image image = host::test::noise_image(height, width, 3, static_cast<std::uint32_t>(i));
    auto jpeg = host::test::jpeg_bytes(height, width, 3, image.pixels, i % 2 == 1);
    if (i == 5) jpeg = host::test::with_orientation(jpeg, 6);
    host::test::write_file(folder.path() / (std::to_string(i) + ".jpg"), jpeg);
  }
  host::DatasetSettings settings;
  settings.reader = "image_folder";
  settings.path = folder.path();
  settings.val_fraction = 0;
  settings.cache_bytes = 0;
  settings.apply_orientation = true;
  const auto dataset = host::open_dataset(settings);
  for (const ViewPipeline& pipeline : pipelines()) {
    const auto views = load_all(*dataset, pipeline, true);
    EXPECT_EQ(views.size(), 3 * 8 * 2 * pipeline.spec().floats());
    EXPECT_EQ(views, load_all(*dataset, pipeline, false));
  }
}

}  // namespace
}  // namespace kith::testing
