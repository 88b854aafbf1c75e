// SPDX-License-Identifier: Apache-2.0
#include "store/run_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <kith/error.hpp>
#include <numeric>

#include "store/hdf5_calls.h"
#include "store_files.h"

namespace kith::host {
namespace {

class RunFileTest : public testing::Test {
 protected:
  // Writes [rows, 3] float32 features in batches of 4; value = base + index.
  static void write_features(RunFile& file, const FeatureKey& key, std::int64_t rows, float base) {
    FeatureWriter writer = file.features(key, DType::kFloat32, rows, {3}, 4);
    std::vector<float> values(static_cast<std::size_t>(rows * 3));
    std::iota(values.begin(), values.end(), base);
    for (std::int64_t first = 0; first < rows; first += 4) {
      const std::int64_t count = std::min<std::int64_t>(4, rows - first);
      writer.append({DType::kFloat32, {count, 3}, values.data() + first * 3});
    }
    writer.finish();
  }
  std::vector<float> read_floats(const std::string& table) const {
    const h5::Lock lock;
    const Array array = h5::read_array(h5::open_file(path_), table);
    std::vector<float> values(array.bytes.size() / sizeof(float));
    std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
    return values;
  }
  bool has(const std::string& table) const {
    const h5::Lock lock;
    return h5::exists(h5::open_file(path_), table);
  }

  TempFolder folder_;
  std::filesystem::path path_ = folder_ / "run.h5";
  FeatureKey train_{"encoder", "", "features", "train"};
};

TEST_F(RunFileTest, NothingIsSeenBeforeCommitAndAllAfterIt) {
  RunFile file(path_);
  write_features(file, train_, 10, 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
  file.commit();
  EXPECT_EQ(count_entries(folder_.path()), 1);
  std::vector<float> expected(30);
  std::iota(expected.begin(), expected.end(), 0.0F);
  EXPECT_EQ(read_floats("/features/encoder/features/train"), expected);
}

TEST_F(RunFileTest, CommitKeepsTablesOfEarlierCommitsAndReplacesThoseWrittenAnew) {
  {
    RunFile file(path_);
    write_features(file, train_, 5, 0);
    write_features(file, {"encoder", "teacher", "features", "val"}, 2, 100);
    file.write_samples("val", {"a/1.png", "b/2.png"}, std::vector<std::int64_t>{0, 1}, {"a", "b"});
    file.commit();
  }
  RunFile file(path_);
  write_features(file, train_, 3, 50);
  file.commit();
  file.commit();
  EXPECT_EQ(read_floats("/features/encoder/features/train").front(), 50.0F);
  EXPECT_EQ(read_floats("/features/encoder/features/train").size(), 9U);
  EXPECT_EQ(read_floats("/features/encoder.teacher/features/val").front(), 100.0F);
  const h5::Lock lock;
  const h5::Handle read = h5::open_file(path_);
  EXPECT_EQ(h5::read_texts(read, "/samples/val/path"),
            (std::vector<std::string>{"a/1.png", "b/2.png"}));
  EXPECT_EQ(std::get<std::vector<std::string>>(
                h5::read_attribute(h5::open_dataset(read, "/samples/val/label"), "class_names")),
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(RunFileTest, EqualContentGivesEqualBytes) {
  std::string bytes[2];
  for (std::string& one : bytes) {
    std::filesystem::remove(path_);
    RunFile file(path_);
    file.set_attribute("seed", std::int64_t{1});
    write_features(file, train_, 10, 0);
    file.add_metric("loss", "nat", {1, 0.5, 2});
    file.commit();
    one = read_bytes(path_);
  }
  EXPECT_EQ(bytes[0] == bytes[1], true);
}

TEST_F(RunFileTest, MetricsAndAttributesComeBackAndAreCutToAStep) {
  {
    RunFile file(path_);
    file.set_attribute("seed", std::int64_t{7});
    file.set_attribute("experiment", "name = \"é\"\n");
    file.set_attribute("clean", true);
    file.set_attribute("rate", 0.25);
    file.set_attribute("plugins", std::vector<std::string>{"a", "b"});
    file.set_attribute("shape", std::vector<std::int64_t>{3, 4});
    file.set_attribute("none", std::vector<std::string>{});
    for (const int step : {100, 200, 300}) {
      file.add_metric("loss/train", "nat", {step, step / 100.0, 1.0 / step});
    }
    file.add_metric("knn/test/top1", "1", {300, 3, 0.9});
    file.commit();
  }
  RunFile file(path_);
  EXPECT_EQ(std::get<std::int64_t>(file.attributes().at("seed")), 7);
  EXPECT_EQ(std::get<std::string>(file.attributes().at("experiment")), "name = \"é\"\n");
  EXPECT_EQ(std::get<bool>(file.attributes().at("clean")), true);
  EXPECT_EQ(std::get<double>(file.attributes().at("rate")), 0.25);
  EXPECT_EQ(std::get<std::vector<std::string>>(file.attributes().at("plugins")),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(file.attributes().at("shape")),
            (std::vector<std::int64_t>{3, 4}));
  EXPECT_TRUE(std::get<std::vector<std::string>>(file.attributes().at("none")).empty());
  file.cut_metrics_after(200);
  file.commit();
  const RunFile again(path_);
  ASSERT_EQ(again.metrics().size(), 1U);
  const Metric& loss = again.metrics().at("loss/train");
  EXPECT_EQ(loss.unit, "nat");
  EXPECT_EQ(loss.rows, (std::vector<MetricRow>{{100, 1, 0.01}, {200, 2, 0.005}}));
}

TEST_F(RunFileTest, KeepsStateOfEveryDtypeAndShape) {
  std::vector<std::byte> bytes(48);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 2);
  RunFile file(path_);
  for (int number = 0; number <= static_cast<int>(DType::kBFloat16); ++number) {
    const auto dtype = static_cast<DType>(number);
    const std::string name = dtype_name(dtype);
    file.write_state("queue", name, {dtype, {2, 3}, bytes.data()},
                     {{"dimensions", std::vector<std::string>{"slot", "C"}}});
    file.write_state("scalar", name, {dtype, {}, bytes.data()});
    file.write_state("empty", name, {dtype, {0, 3}, nullptr});
  }
  file.commit();
  const h5::Lock lock;
  const h5::Handle read = h5::open_file(path_);
  for (int number = 0; number <= static_cast<int>(DType::kBFloat16); ++number) {
    const auto dtype = static_cast<DType>(number);
    const Array queue = h5::read_array(read, std::string("/state/queue/") + dtype_name(dtype));
    EXPECT_EQ(queue.dtype, dtype);
    EXPECT_EQ(queue.shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(std::memcmp(queue.bytes.data(), bytes.data(), queue.bytes.size()), 0);
    const Array scalar = h5::read_array(read, std::string("/state/scalar/") + dtype_name(dtype));
    EXPECT_TRUE(scalar.shape.empty());
    EXPECT_EQ(h5::read_array(read, std::string("/state/empty/") + dtype_name(dtype)).shape,
              (std::vector<std::int64_t>{0, 3}));
  }
}

TEST_F(RunFileTest, HoldsAttributesLongerThanSixtyFourKilobytes) {
  std::vector<std::string> names;
  for (int i = 0; i < 21841; ++i) names.push_back("class " + std::to_string(i));  // ImageNet-21k's
  RunFile file(path_);
  file.write_samples("train", {"a"}, std::vector<std::int64_t>{21840}, names);
  file.set_attribute("experiment", std::string(1 << 20, 'x'));
  file.commit();
  EXPECT_EQ(std::get<std::string>(RunFile(path_).attributes().at("experiment")).size(), 1U << 20);
  const h5::Lock lock;
  const h5::Handle read = h5::open_file(path_);
  EXPECT_EQ(std::get<std::vector<std::string>>(
                h5::read_attribute(h5::open_dataset(read, "/samples/train/label"), "class_names")),
            names);
}

TEST_F(RunFileTest, RowsMustFitWhatWasAnnounced) {
  RunFile file(path_);
  FeatureWriter writer = file.features(train_, DType::kFloat32, 3, {2}, 4);
  const std::vector<double> values(20);
  EXPECT_EQ(
      error_of<ShapeError>([&] { writer.append({DType::kFloat64, {1, 2}, values.data()}); }),
      "store: table '/features/encoder/features/train' wants rows of shape [2] of float32, got an "
      "array [1, 2] of float64");
  EXPECT_NE(error_of<ShapeError>([&] { writer.append({DType::kFloat32, {1, 3}, values.data()}); }),
            "");
  EXPECT_EQ(error_of<ShapeError>([&] { writer.append({DType::kFloat32, {4, 2}, values.data()}); }),
            "store: table '/features/encoder/features/train' wants 3 rows, got 4");
  writer.append({DType::kFloat32, {2, 2}, values.data()});
  EXPECT_EQ(error_of<DataError>([&] { writer.finish(); }),
            "store: table '/features/encoder/features/train' wants 3 rows, got 2");
  EXPECT_NE(error_of<DataError>([&] { file.commit(); }).find("is unfinished"), std::string::npos);
  writer.append({DType::kFloat32, {1, 2}, values.data()});
  writer.finish();
  file.commit();
  EXPECT_TRUE(has("/features/encoder/features/train"));
  EXPECT_NE(error_of<DataError>([&] { writer.append({DType::kFloat32, {0, 2}, nullptr}); }), "");
}

TEST_F(RunFileTest, UnfinishedTableLeavesWhatWasThere) {
  RunFile file(path_);
  write_features(file, train_, 2, 5);
  file.commit();
  {
    FeatureWriter writer = file.features(train_, DType::kFloat32, 3, {2}, 4);
    const std::vector<float> values(2);
    writer.append({DType::kFloat32, {1, 2}, values.data()});
  }
  file.add_metric("loss", "nat", {1, 1, 1});
  file.commit();
  EXPECT_EQ(read_floats("/features/encoder/features/train"),
            (std::vector<float>{5, 6, 7, 8, 9, 10}));
}

TEST_F(RunFileTest, RefusesNamesThatAreNoPartOfAPath) {
  RunFile file(path_);
  const float value = 0;
  const ArrayView view{DType::kFloat32, {}, &value};
  EXPECT_EQ(error_of<DataError>([&] { file.write_state("queue", "a/b", view); }),
            "store: the name of state is part of a path in run.h5: wanted a name without '/', got "
            "'a/b'");
  EXPECT_NE(error_of<DataError>(
                [&] { file.features({"", "", "features", "train"}, DType::kFloat32, 1, {1}, 1); }),
            "");
  EXPECT_NE(error_of<DataError>([&] { file.add_metric("a//b", "1", {}); }), "");
  file.add_metric("loss", "nat", {});
  EXPECT_EQ(error_of<DataError>([&] { file.add_metric("loss", "1", {}); }),
            "store: metric 'loss' has the unit 'nat', got '1'");
}

TEST_F(RunFileTest, SamplesMustFitEachOther) {
  RunFile file(path_);
  const std::vector<std::int64_t> labels{0, 2};
  EXPECT_EQ(error_of<DataError>([&] { file.write_samples("train", {"a"}, labels, {}); }),
            "store: samples want one label a path, got 2 labels and 1 paths");
  EXPECT_EQ(
      error_of<DataError>([&] { file.write_samples("train", {"a", "b"}, labels, {"x", "y"}); }),
      "store: sample 'b' has label 2, but there are 2 class names");
}

TEST_F(RunFileTest, NoLabelOfAnEarlierListStaysBesideNewPaths) {
  RunFile file(path_);
  file.write_samples("train", {"a"}, std::vector<std::int64_t>{0}, {"x"});
  file.commit();
  file.write_samples("train", {"b"}, {}, {});
  file.commit();
  EXPECT_TRUE(has("/samples/train/path"));
  EXPECT_FALSE(has("/samples/train/label"));
}

}  // namespace
}  // namespace kith::host
