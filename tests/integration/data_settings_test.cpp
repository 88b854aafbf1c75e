// SPDX-License-Identifier: Apache-2.0
// Runs on each kind of data that [data] can name.
#include <gmock/gmock.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>

#include "data/image_codec.h"
#include "data/orientation.h"
#include "host/data/data_files.h"
#include "host/store/python.h"
#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// One epoch of the small experiment in steps of 8 images, with these lines in [data].
std::string one_epoch_on(const std::string& data) {
  auto text = replaced(kSmallExperiment, "reader = \"idx\"\npath = \"data\"", data);
  text = replaced(text, "batch_size = 32", "batch_size = 8");
  return replaced(text, "epochs = 4", "epochs = 1");
}

/// Records of CIFAR's binary version, of noise, from number `first` on. Number i has the label i
/// modulo 10; of CIFAR-100 the coarse label i modulo 20 and the fine one 99 - i.
host::test::Bytes cifar_records(int first, int count, bool hundred) {
  host::test::Bytes bytes;
  for (int i = first; i < first + count; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i % (hundred ? 20 : 10)));
    if (hundred) bytes.push_back(static_cast<std::uint8_t>(99 - i));
    const auto planes = host::test::noise_image(32, 32, 3, static_cast<std::uint32_t>(i)).pixels;
    bytes.insert(bytes.end(), planes.begin(), planes.end());
  }
  return bytes;
}

/// The labels of a split in run.h5.
std::vector<std::int64_t> labels_in(const fs::path& run, const std::string& split) {
  const auto table = read_datasets(run).at("/samples/" + split + "/label");
  const auto bytes = table.substr(table.find("] ") + 2);
  std::vector<std::int64_t> labels(bytes.size() / sizeof(std::int64_t));
  std::memcpy(labels.data(), bytes.data(), labels.size() * sizeof(std::int64_t));
  return labels;
}

/// label(0), label(1) and so on.
std::vector<std::int64_t> labels_by(int count, const std::function<int(int)>& label) {
  std::vector<std::int64_t> labels;
  for (int i = 0; i < count; ++i) labels.push_back(label(i));
  return labels;
}

constexpr const char* kReadClassNames = R"(
import sys, h5py
print(*h5py.File(sys.argv[1] + '/run.h5')['samples/train/label'].attrs['class_names'])
)";

void expect_class_names(const fs::path& run, const std::string& names) {
  const auto python = host::find_python("h5py");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py; KITH_PYTHON may name one";
  EXPECT_EQ(host::run_python(python, kReadClassNames, run.string()).output, names + "\n");
}

class DataSettingsTest : public Workshop {};

TEST_F(DataSettingsTest, RunReadsTheBatchesTheTestAndTheClassNamesOfCifar10) {
  const auto data = folder() / "data";
  host::test::write_file(data / "data_batch_1.bin", cifar_records(0, 24, false));
  host::test::write_file(data / "data_batch_2.bin", cifar_records(24, 16, false));
  host::test::write_file(data / "test_batch.bin", cifar_records(40, 12, false));
  write_text(data / "batches.meta.txt", "ant\nbee\ncat\ndog\nelk\nfox\ngnu\nhen\nibex\njay\n\n");
  const auto made = run(one_epoch_on("reader = \"cifar10\"\npath = \"data\"\nval_fraction = 0.0"));
  EXPECT_EQ(labels_in(made, "train"), labels_by(40, [](int i) { return i % 10; }));
  EXPECT_EQ(labels_in(made, "test"), labels_by(12, [](int i) { return i % 10; }));
  // 8 kernels of 3 x 3 px over 3 channels.
  const auto tensors = read_tensors(newest_checkpoint(made));
  EXPECT_EQ(tensors.at("encoder.layers.0.weight").substr(0, 14), "F32 [8,3,3,3] ");
  expect_class_names(made, "ant bee cat dog elk fox gnu hen ibex jay");
}

TEST_F(DataSettingsTest, RunTakesTheFineOrTheCoarseLabelsOfCifar100) {
  host::test::write_file(folder() / "data" / "train.bin", cifar_records(0, 40, true));
  host::test::write_file(folder() / "data" / "test.bin", cifar_records(40, 12, true));
  auto text = one_epoch_on("reader = \"cifar100\"\npath = \"data\"\nval_fraction = 0.0");
  text = replaced(text, "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8",
                  "plugin = \"supervised\"");
  text = replaced(text, "count = 2", "count = 1");
  const auto fine = run(text), coarse = run(text, {"--set", "data.labels=coarse"});
  EXPECT_EQ(labels_in(fine, "train"), labels_by(40, [](int i) { return 99 - i; }));
  EXPECT_EQ(labels_in(fine, "test"), labels_by(12, [](int i) { return 59 - i; }));
  EXPECT_EQ(labels_in(coarse, "train"), labels_by(40, [](int i) { return i % 20; }));
  EXPECT_EQ(labels_in(coarse, "test"), labels_by(12, [](int i) { return i % 20; }));
  // The classifier has a row for each class, 64 features wide.
  const auto shape = [](const fs::path& run) {
    const auto weight = read_tensors(newest_checkpoint(run)).at("method.classifier.weight");
    return weight.substr(0, weight.find(']') + 1);
  };
  EXPECT_EQ(shape(fine), "F32 [100,64]");
  EXPECT_EQ(shape(coarse), "F32 [20,64]");
  EXPECT_THAT(read_text(coarse / "resolved.toml"), HasSubstr("labels = \"coarse\"\n"));
}

TEST_F(DataSettingsTest, RunTakesTrainAndTestFromFoldersOfTheirOwn) {
  write_image_folder(folder() / "photos", 24, 16);
  write_image_folder(folder() / "exam", 8, 16);
  const auto made =
      run(one_epoch_on("reader = \"image_folder\"\ntrain_path = \"photos/train\"\n"
                       "test_path = \"exam/train\"\nval_fraction = 0.0"));
  EXPECT_EQ(labels_in(made, "train"), labels_by(48, [](int i) { return i / 24; }));
  EXPECT_EQ(labels_in(made, "test"), labels_by(16, [](int i) { return i / 8; }));
  EXPECT_THAT(read_datasets(made).at("/samples/test/path"),
              HasSubstr("[16,] cat/0.png\ncat/1.png\n"));
  EXPECT_THAT(read_text(made / "resolved.toml"),
              HasSubstr("train_path = \"" + (folder() / "photos/train").string() +
                        "\"\ntest_path = \"" + (folder() / "exam/train").string() + "\"\n"));
  expect_class_names(made, "cat dog");
}

/// Eight pictures a class and format, one in each orientation, as `tagged` files; and as `upright`
/// ones, which are PNGs whatever their name says.
void write_tagged_pictures(const fs::path& tagged, const fs::path& upright) {
  for (int i = 0; i < 32; ++i) {
    const auto image = host::test::noise_image(16, 12, 3, static_cast<std::uint32_t>(i));
    const auto bytes =
        i < 16 ? host::test::png_bytes(image) : host::test::jpeg_bytes(16, 12, 3, image.pixels);
    const auto name = (i / 8 % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".jpg";
    const int orientation = 1 + i % 8;
    host::test::write_file(tagged / "train" / name,
                           host::test::with_orientation(bytes, orientation));
    host::Image turned;
    host::decode_image(bytes, name, 3, turned);
    host::turn_upright(turned, orientation);
    host::test::write_file(upright / "train" / name, host::test::png_bytes(turned));
  }
}

TEST_F(DataSettingsTest, RunOnImagesThatAreTurnedAsTheirTagsSayEqualsOneOnUprightImages) {
  write_tagged_pictures(folder() / "tagged", folder() / "upright");
  const std::string tagged = "reader = \"image_folder\"\npath = \"tagged\"\n";
  const auto turned = run(one_epoch_on(tagged + "apply_orientation = true"));
  const auto as_stored = run(one_epoch_on(tagged));
  expect_equal_runs(turned, run(one_epoch_on("reader = \"image_folder\"\npath = \"upright\"\n")));
  EXPECT_THAT(read_text(turned / "resolved.toml"), HasSubstr("apply_orientation = true\n"));
  const auto features = [](const fs::path& run) {
    return read_datasets(run).at("/features/encoder/features/train");
  };
  EXPECT_FALSE(features(turned) == features(as_stored));
}

}  // namespace
}  // namespace kith::integration
