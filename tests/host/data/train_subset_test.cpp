// SPDX-License-Identifier: Apache-2.0
#include "data/train_subset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <kith/error.hpp>
#include <map>

#include "data/file_bytes.h"
#include "data/loader.h"
#include "data_files.h"

namespace kith::host {
namespace {

using test::error_text;
using test::memory_source;
using test::MemorySource;
using ::testing::ElementsAre;
using ::testing::IsSubsetOf;

Source labelled(std::int64_t images, std::int64_t classes) {
  Source source = memory_source(images);
  static_cast<MemorySource&>(*source.train).num_classes = classes;
  source.class_names.resize(static_cast<std::size_t>(classes));
  return source;
}

TEST(TrainSubsetTest, TakesTheSmallestHashesOfSeedAndNameInEachClass) {
  const Dataset dataset(labelled(60, 3), 0);
  const auto chosen = choose_train_images(dataset, 12, 7);
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  // By hand: label i modulo 3, name "m/<i>", so four of each class.
  std::vector<std::int64_t> wanted;
  for (std::int64_t label = 0; label < 3; ++label) {
    std::map<std::uint64_t, std::int64_t> by_hash;
    for (std::int64_t i = label; i < 60; i += 3)
      by_hash[sha256_prefix("7/m/" + std::to_string(i))] = i;
    auto next = by_hash.begin();
    for (int k = 0; k < 4; ++k) wanted.push_back((next++)->second);
  }
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(chosen, wanted);
}

TEST(TrainSubsetTest, AFewerOfEachClassAreAPartOfMore) {
  const Dataset dataset(labelled(100, 4), 0);
  for (std::int64_t n = 1; n < 100; n += 7)
    EXPECT_THAT(choose_train_images(dataset, n, 1),
                IsSubsetOf(choose_train_images(dataset, n + 1, 1)));
}

TEST(TrainSubsetTest, ClassesDifferByOneImageUnlessOneHasNoMore) {
  const Dataset dataset(labelled(50, 4), 0);  // 13, 13, 12 and 12
  const auto counts = [&](std::int64_t n) {
    std::vector<std::int64_t> all(4);
    for (const auto index : choose_train_images(dataset, n, 3))
      ++all[static_cast<std::size_t>(dataset.label(Split::kTrain, index))];
    return all;
  };
  EXPECT_THAT(counts(20), ElementsAre(5, 5, 5, 5));
  auto some = counts(22);
  std::sort(some.begin(), some.end());
  EXPECT_THAT(some, ElementsAre(5, 5, 6, 6));
  EXPECT_THAT(counts(50), ElementsAre(13, 13, 12, 12));
}

TEST(TrainSubsetTest, AnotherSeedTakesOthersAndLabelsAreNotNeeded) {
  const Dataset dataset(labelled(200, 0), 0);
  EXPECT_EQ(choose_train_images(dataset, 20, 1), choose_train_images(dataset, 20, 1));
  EXPECT_NE(choose_train_images(dataset, 20, 1), choose_train_images(dataset, 20, 2));
  EXPECT_EQ(choose_train_images(dataset, 20, 1).size(), 20U);
}

TEST(TrainSubsetTest, MoreThanThereAreIsAnErrorThatNamesBoth) {
  const Dataset dataset(labelled(60, 3), 0);
  EXPECT_EQ(error_text<ConfigError>([&] { choose_train_images(dataset, 61, 1); }),
            "data.train_images: must be at most the 60 images of train in '" +
                dataset.path().string() + "', got 61");
}

TEST(TrainSubsetTest, TheLoaderHandsOutTheChosenSamplesAlone) {
  const Dataset dataset(labelled(60, 3), 0);
  LoaderSettings settings;
  settings.chosen = choose_train_images(dataset, 13, 1);
  settings.batch_size = 4;
  settings.view_floats = {1};
  settings.end_epoch = 2;
  const struct : ViewMaker {
    void make_view(const Image&, const SampleKey& key, int, float* slot,
                   ThreadState&) const override {
      *slot = static_cast<float>(key.index);
    }
  } maker;
  Loader loader(dataset, maker, settings);
  EXPECT_EQ(loader.steps_per_epoch(), 3);
  Batch batch;
  std::map<std::int64_t, int> seen;
  while (loader.next(batch)) {
    for (std::size_t row = 0; row < 4; ++row) {
      ++seen[batch.indices[row]];
      EXPECT_EQ(batch.labels[row], batch.indices[row] % 3);
      EXPECT_EQ(batch.views[0].data()[row], static_cast<float>(batch.indices[row]));
    }
  }
  for (const auto& [index, times] : seen) {
    EXPECT_TRUE(std::binary_search(settings.chosen.begin(), settings.chosen.end(), index)) << index;
    EXPECT_LE(times, 2);
  }
  EXPECT_GE(seen.size(), 12U);
  settings.batch_size = 14;
  EXPECT_THAT(error_text<DataError>([&] { Loader(dataset, maker, settings); }),
              ::testing::HasSubstr("batch_size must be at most the 13 images of train, got 14"));
}

}  // namespace
}  // namespace kith::host
