// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <kith/error.hpp>
#include <thread>

#include "store/hdf5_calls.h"
#include "store/run_file.h"
#include "store/run_file_seal.h"
#include "store_files.h"

namespace kith::host {
namespace {

const FeatureKey kTrain{"encoder", "", "features", "train"};

void write_features(RunFile& file, std::int64_t rows, float value) {
  const std::vector<float> values(static_cast<std::size_t>(rows) * 16, value);
  FeatureWriter writer = file.features(kTrain, DType::kFloat32, rows, {16}, rows);
  writer.append({DType::kFloat32, {rows, 16}, values.data()});
  writer.finish();
}

TEST(RunFileFaultTest, FileThatIsNoHdf5IsNamedWithHdf5sOwnErrorStack) {
  const TempFolder folder;
  write_bytes(folder / "run.h5", "this is a text, not an HDF5 file");
  const std::string text = error_of<DataError>([&] { RunFile file(folder / "run.h5"); });
  EXPECT_EQ(
      text.find("store: cannot read '" + (folder / "run.h5").string() + "': cannot open it: "), 0U)
      << text;
  EXPECT_NE(text.find("file signature not found <- "), std::string::npos) << text;
  // HDF5 1.10 ends "open file", 1.14 "synchronously open file".
  EXPECT_NE(text.find("H5Fopen: unable to "), std::string::npos) << text;
}

TEST(RunFileFaultTest, HDF5PrintsNothingByItself) {
  const TempFolder folder;
  write_bytes(folder / "run.h5", "text");
  testing::internal::CaptureStderr();
  EXPECT_NE(error_of<DataError>([&] { RunFile file(folder / "run.h5"); }), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(RunFileFaultTest, TruncatedFileIsAnErrorAndNeverACrash) {
  const TempFolder folder;
  {
    RunFile file(folder / "run.h5");
    write_features(file, 50, 1);
    file.write_samples("train", {"a", "b"}, std::vector<std::int64_t>{0, 1}, {"x", "y"});
    file.add_metric("loss", "nat", {1, 1, 1});
    file.commit();
  }
  const std::string bytes = read_bytes(folder / "run.h5");
  for (std::size_t size = 0; size < bytes.size() - kSealSize; size += 97) {
    write_bytes(folder / "cut.h5", bytes.substr(0, size));
    EXPECT_NE(error_of<DataError>([&] { RunFile file(folder / "cut.h5"); }), "") << size;
  }
}

TEST(RunFileFaultTest, FlippedBitIsFoundBeforeHdf5SeesIt) {
  const TempFolder folder;
  {
    RunFile file(folder / "run.h5");
    file.set_attribute("seed", std::int64_t{1});
    write_features(file, 4, 1);
    file.add_metric("loss", "nat", {1, 1, 1});
    file.commit();
  }
  const std::string bytes = read_bytes(folder / "run.h5");
  for (std::size_t i = 0; i < bytes.size() - kSealSize; i += 13) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    write_bytes(folder / "flip.h5", damaged);
    const std::string text = error_of<DataError>([&] { RunFile file(folder / "flip.h5"); });
    ASSERT_NE(text.find("its content does not fit its seal"), std::string::npos) << i << text;
  }
}

TEST(RunFileFaultTest, FileThatAnotherProgramWroteIntoHasNoSealAndIsRead) {
  const TempFolder folder;
  {
    RunFile file(folder / "run.h5");
    file.add_metric("loss", "nat", {1, 1, 1});
    file.commit();
  }
  EXPECT_TRUE(check_seal(folder / "run.h5"));
  const std::string bytes = read_bytes(folder / "run.h5");
  write_bytes(folder / "run.h5", bytes.substr(0, bytes.size() - kSealSize));
  EXPECT_FALSE(check_seal(folder / "run.h5"));
  EXPECT_EQ(RunFile(folder / "run.h5").metrics().size(), 1U);
}

TEST(RunFileFaultTest, FullDiskLeavesTheLastFileAndLaterCommitsWork) {
  const SmallDisk disk("1m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  RunFile file(disk / "run.h5");
  write_features(file, 100, 1);
  file.add_metric("loss", "nat", {1, 1, 1});
  file.commit();
  const std::string before = read_bytes(disk / "run.h5");
  for (int round = 0; round < 3; ++round) {
    const std::string text = error_of<DataError>([&] {
      write_features(file, 40000, 2);  // 2.5 MB
      file.commit();
    });
    EXPECT_EQ(text.find("store: cannot write '" + (disk / "run.h5").string() + "': "), 0U) << text;
    EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
    EXPECT_TRUE(read_bytes(disk / "run.h5") == before);
    EXPECT_EQ(count_entries(disk.path()), 1);
  }
  file.add_metric("loss", "nat", {2, 2, 2});
  file.commit();
  EXPECT_EQ(RunFile(disk / "run.h5").metrics().at("loss").rows.size(), 2U);
}

TEST(RunFileFaultTest, FullDiskDuringCommitOrTextsLeavesTheLastFile) {
  const SmallDisk disk("1m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  RunFile file(disk / "run.h5");
  write_features(file, 10000, 1);  // 640 kB: the file fits once, not twice
  file.commit();
  const std::string before = read_bytes(disk / "run.h5");
  file.add_metric("loss", "nat", {2, 2, 2});
  EXPECT_NE(error_of<DataError>([&] { file.commit(); }).find("No space left on device"),
            std::string::npos);
  EXPECT_NE(error_of<DataError>([&] {
              file.write_samples("train", {std::string(1 << 20, 'a')}, {}, {});
              file.commit();
            }).find("No space left on device"),
            std::string::npos);
  EXPECT_TRUE(read_bytes(disk / "run.h5") == before);
  EXPECT_EQ(count_entries(disk.path()), 1);
}

TEST(RunFileFaultTest, ReadOnlyDiskIsAnErrorThatSaysSo) {
  SmallDisk disk("1m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  RunFile file(disk / "run.h5");
  file.add_metric("loss", "nat", {1, 1, 1});
  file.commit();
  ASSERT_TRUE(disk.make_read_only());
  const std::string text = error_of<DataError>([&] { file.commit(); });
  EXPECT_NE(text.find("Read-only file system"), std::string::npos) << text;
  EXPECT_EQ(RunFile(disk / "run.h5").metrics().size(), 1U);
}

TEST(RunFileFaultTest, WriterOfAFileThatWasGivenUpSaysSo) {
  const SmallDisk disk("256k");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
  RunFile file(disk / "run.h5");
  FeatureWriter writer = file.features(kTrain, DType::kFloat32, 4, {1}, 4);
  const FeatureKey other{"encoder", "", "features", "val"};
  const std::vector<float> values(1 << 20);
  EXPECT_NE(error_of<DataError>([&] {
              FeatureWriter big = file.features(other, DType::kFloat32, 1 << 20, {1}, 1 << 18);
              big.append({DType::kFloat32, {1 << 20, 1}, values.data()});
              big.finish();
            }).find("No space left on device"),
            std::string::npos);
  const std::string text =
      error_of<DataError>([&] { writer.append({DType::kFloat32, {1, 1}, values.data()}); });
  EXPECT_NE(text.find("was given up after an earlier error"), std::string::npos) << text;
  file.commit();
  EXPECT_TRUE(std::filesystem::exists(disk / "run.h5"));
}

TEST(RunFileFaultTest, DiskThatFillsUpAtAnyPointGivesAnErrorAndNeverACrash) {
  int failures = 0;
  int successes = 0;
  for (int pages = 20; pages < 120; pages += 3) {
    const SmallDisk disk(std::to_string(4 * pages) + "k");
    if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a small disk";
    RunFile file(disk / "run.h5");
    for (int step = 1; step <= 2; ++step) {
      const std::string text = error_of<DataError>([&] {
        FeatureWriter first = file.features(kTrain, DType::kFloat32, 600, {16}, 100);
        FeatureWriter second =
            file.features({"encoder", "", "features", "val"}, DType::kFloat32, 300, {16}, 100);
        const std::vector<float> values(100 * 16, static_cast<float>(step));
        for (int batch = 0; batch < 6; ++batch) {
          first.append({DType::kFloat32, {100, 16}, values.data()});
          if (batch < 3) second.append({DType::kFloat32, {100, 16}, values.data()});
        }
        first.finish();
        second.finish();
        file.write_samples("train", std::vector<std::string>(600, "some/path.png"), {}, {});
        file.set_attribute("experiment", std::string(20000, 'x'));
        file.add_metric("loss", "nat", {step, 1, 1});
        file.commit();
      });
      (text.empty() ? successes : failures) += 1;
      if (!text.empty()) {
        EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
      }
    }
    EXPECT_LE(count_entries(disk.path()), 1);
    if (std::filesystem::exists(disk / "run.h5")) {
      EXPECT_NO_THROW(RunFile(disk / "run.h5"));
    }
  }
  EXPECT_GT(failures, 0);
  EXPECT_GT(successes, 0);
}

TEST(RunFileFaultTest, KilledAtAnyMomentLeavesAFileThatOpens) {
  const TempFolder folder;
  const auto path = folder / "run.h5";
  for (int round = 0; round < 8; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      RunFile file(path);
      for (int step = 1;; ++step) {
        write_features(file, 200, static_cast<float>(step));
        file.add_metric("loss", "nat", {step, 1, 1});
        file.commit();
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(40 + 7 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (!std::filesystem::exists(path)) continue;
    EXPECT_NO_THROW({
      const RunFile file(path);
      EXPECT_FALSE(file.metrics().at("loss").rows.empty());
    });
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace kith::host
