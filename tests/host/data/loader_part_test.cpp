// SPDX-License-Identifier: Apache-2.0
//
// What the loader decodes of an image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "data/loader.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::memory_source;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Keeps the part of each decoding.
class PartSource : public test::MemorySource {
 public:
  mutable std::vector<ImagePart> parts;
  bool is_in_memory = false;

  void decode_part(std::int64_t index, const ImagePart& part, Image& out) const override {
    parts.push_back(part);
    decode(index, out);
  }
  bool in_memory() const override { return is_in_memory; }
};

/// View 0 reads the pixel in the middle of the first row, view 1 the last pixel.
class CornerMaker : public ViewMaker {
 public:
  ImagePart part(const ImageSize& size, const SampleKey&, int view, ThreadState&) const override {
    if (view == 0) return {0, size.width / 2, 1, 1};
    return {size.height - 1, size.width - 1, 1, 1};
  }
  void make_view(const Image&, const SampleKey&, int, float*, ThreadState&) const override {}
};

class UnnamedMaker : public ViewMaker {
 public:
  void make_view(const Image&, const SampleKey&, int, float*, ThreadState&) const override {}
};

std::vector<ImagePart> decoded_parts(const ViewMaker& maker, bool in_memory) {
  auto source = std::make_unique<PartSource>();
  source->count = 10;
  source->height = 20, source->width = 30;
  source->is_in_memory = in_memory;
  const PartSource& decoded = *source;
  Source all = memory_source(0);
  all.train = std::move(source);
  const Dataset dataset(std::move(all), 0);
  LoaderSettings settings;
  settings.batch_size = 10;
  settings.view_floats = {1, 1};
  Loader loader(dataset, maker, settings);
  Batch batch;
  while (loader.next(batch)) {
  }
  return decoded.parts;
}

TEST(LoaderPartTest, DecodesTheBoxAroundThePartsOfAllViews) {
  EXPECT_THAT(decoded_parts(CornerMaker(), false),
              AllOf(SizeIs(10), Each(ImagePart{0, 15, 20, 15})));
}

TEST(LoaderPartTest, DecodesAllForAMakerThatNamesNoPart) {
  EXPECT_THAT(decoded_parts(UnnamedMaker(), false),
              AllOf(SizeIs(10), Each(ImagePart{0, 0, 20, 30})));
}

TEST(LoaderPartTest, AsksForNoPartOfImagesInMemory) {
  EXPECT_THAT(decoded_parts(CornerMaker(), true), IsEmpty());
}

}  // namespace
}  // namespace kith::host
