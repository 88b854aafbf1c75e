// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>
#include <kith/error.hpp>

#include "store_files.h"

namespace kith::host {
namespace {

class CheckpointTest : public testing::Test {
 protected:
  std::filesystem::path save(CheckpointStore& store, std::int64_t step) {
    const float value = static_cast<float>(step);
    return store.save(step, step / 100, {{"w", {DType::kFloat32, {1}, &value}}}, {{"seed", "1"}});
  }
  static void flip_last_byte(const std::filesystem::path& path) {
    std::string bytes = read_bytes(path);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_bytes(path, bytes);
  }
  static std::vector<std::int64_t> steps(const CheckpointStore& store) {
    std::vector<std::int64_t> result;
    for (const CheckpointEntry& entry : store.list()) result.push_back(entry.step);
    return result;
  }

  TempFolder folder_;
  std::filesystem::path path_ = folder_ / "checkpoints";
};

TEST_F(CheckpointTest, NewestIsWhatWasSavedLast) {
  CheckpointStore store(path_, 2);
  EXPECT_FALSE(store.newest().has_value());
  save(store, 100);
  const auto saved = save(store, 250);
  EXPECT_EQ(saved.filename(), "step-000000250.safetensors");
  const auto newest = store.newest();
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->path, saved);
  EXPECT_EQ(newest->step, 250);
  EXPECT_EQ(newest->epoch, 2);
  EXPECT_EQ(newest->metadata, (Metadata{{"seed", "1"}}));
  float value = 0;
  std::memcpy(&value, newest->arrays.at("w").bytes.data(), sizeof value);
  EXPECT_EQ(value, 250.0F);
}

TEST_F(CheckpointTest, KeepsTheNewestAndLeavesOtherFilesAlone) {
  CheckpointStore store(path_, 2);
  save(store, 9);
  write_bytes(path_ / "notes.txt", "mine");
  write_bytes(path_ / "step-x.safetensors", "mine");
  save(store, 1000000000);
  save(store, 1000000001);
  EXPECT_EQ(steps(store), (std::vector<std::int64_t>{1000000000, 1000000001}));
  EXPECT_EQ(count_entries(path_), 4);
}

TEST_F(CheckpointTest, PruningNeverTakesTheOneThatWasJustSaved) {
  CheckpointStore later(path_, 3);
  for (const int step : {300, 400, 500}) save(later, step);
  CheckpointStore store(path_, 1);
  save(store, 200);
  EXPECT_EQ(steps(store), (std::vector<std::int64_t>{200, 500}));
  store.remove_after(200);
  EXPECT_EQ(steps(store), (std::vector<std::int64_t>{200}));
}

TEST_F(CheckpointTest, DamagedNewestNamesTheOneBeforeAndHowToGoOn) {
  CheckpointStore store(path_, 3);
  const auto before = save(store, 100);
  const auto newest = save(store, 200);
  flip_last_byte(newest);
  const std::string text = error_of<DataError>([&] { store.newest(); });
  EXPECT_NE(text.find("checkpoint: the newest checkpoint is damaged: store: cannot read '" +
                      newest.string() + "': its content does not fit its checksum"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("the one before is '" + before.string() +
                      "' (step 100): to go on from it, remove '" + newest.string() +
                      "' and resume again"),
            std::string::npos)
      << text;
  std::filesystem::remove(newest);  // as the text says
  EXPECT_EQ(store.newest()->step, 100);
}

TEST_F(CheckpointTest, SkipsDamagedOnesWhenItNamesTheOneBefore) {
  CheckpointStore store(path_, 3);
  save(store, 100);
  flip_last_byte(save(store, 200));
  write_bytes(save(store, 300), "");
  const std::string text = error_of<DataError>([&] { store.newest(); });
  EXPECT_NE(text.find("(step 100): to go on from it, remove"), std::string::npos) << text;
  EXPECT_NE(text.find("step-000000200.safetensors' (damaged too)"), std::string::npos) << text;
}

TEST_F(CheckpointTest, SaysSoIfNoneIsLeft) {
  CheckpointStore store(path_, 3);
  flip_last_byte(save(store, 100));
  const std::string text = error_of<DataError>([&] { store.newest(); });
  EXPECT_NE(text.find("no earlier undamaged checkpoint is left: start the run again"),
            std::string::npos)
      << text;
}

TEST_F(CheckpointTest, FullDiskKeepsAllEarlierCheckpoints) {
  const SmallDisk disk("256k");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  CheckpointStore store(disk / "checkpoints", 1);
  const std::vector<float> weights(40000);  // 160 kB: one fits, two do not
  const ArrayViews arrays{{"w", {DType::kFloat32, {40000}, weights.data()}}};
  store.save(1, 0, arrays, {});
  const std::string text = error_of<DataError>([&] { store.save(2, 0, arrays, {}); });
  EXPECT_NE(text.find("step-000000002.safetensors': store: cannot write"), std::string::npos)
      << text;
  EXPECT_NE(text.find("No space left on device; what was there before stays"), std::string::npos)
      << text;
  EXPECT_EQ(store.newest()->step, 1);
  EXPECT_EQ(count_entries(disk / "checkpoints"), 1);
}

TEST_F(CheckpointTest, AnotherSafetensorsFileIsNoCheckpoint) {
  const std::uint8_t byte = 0;
  const auto path = folder_ / "model.safetensors";
  write_safetensors(path, {{"w", {DType::kUint8, {1}, &byte}}}, {});
  EXPECT_EQ(error_of<DataError>([&] { CheckpointStore::load(path); }),
            "checkpoint: '" + path.string() + "' has format '', wanted 'kith.checkpoint/1'");
}

TEST_F(CheckpointTest, RefusesToKeepNoneAndMetadataOfItsOwn) {
  EXPECT_EQ(error_of<ConfigError>([&] { CheckpointStore(path_, 0); }),
            "checkpoint: keep_checkpoints must be >= 1, got 0");
  CheckpointStore store(path_, 1);
  EXPECT_NE(error_of<DataError>([&] { store.save(1, 0, {}, {{"kith.step", "2"}}); }), "");
  EXPECT_NE(error_of<DataError>([&] { store.save(-1, 0, {}, {}); }), "");
}

}  // namespace
}  // namespace kith::host
