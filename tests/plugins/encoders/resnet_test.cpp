// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <kith/error.hpp>
#include <kith/harness.hpp>
#include <sstream>

#include "device.h"
#include "host/store/python.h"
#include "host/store/store_files.h"
#include "kith/random.hpp"

namespace kith {
namespace {

using harness::EncoderHarness;
using harness::Mode;
using harness::Settings;
using harness::Values;
using Shape = std::vector<std::int64_t>;

const std::string kFixtures = KITH_SOURCE_DIR "/tests/plugins/encoders/torchvision/";

/// "conv1.weight 64 3 7 7" for each parameter and buffer, sorted.
std::set<std::string> declared(const EncoderHarness& encoder) {
  std::set<std::string> lines;
  auto names = encoder.parameters();
  const auto buffers = encoder.buffers();
  names.insert(names.end(), buffers.begin(), buffers.end());
  for (const auto& name : names) {
    std::string line = name;
    for (const auto size : encoder.get(name).shape) line += " " + std::to_string(size);
    lines.insert(line);
  }
  return lines;
}

std::set<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::set<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.insert(line);
  return lines;
}

/// Random images, the same ones each time.
Values images(std::int64_t n, std::int64_t side) {
  Values values{{n, 3, side, side},
                std::vector<double>(static_cast<std::size_t>(n * 3 * side * side))};
  Draw draw({.seed = 7}, "images");
  for (auto& x : values.numbers) x = draw.normal();
  return values;
}

class ResNetNamesTest : public testing::TestWithParam<const char*> {};

TEST_P(ResNetNamesTest, AreThoseOfTorchvision) {
  const std::string depth = GetParam();
  const EncoderHarness encoder("plugin = \"resnet\", depth = \"" + depth + "\"",
                               {.height = 32, .width = 32});
  EXPECT_EQ(declared(encoder), lines_of(kFixtures + "resnet" + depth + ".txt"));
}

INSTANTIATE_TEST_SUITE_P(Depths, ResNetNamesTest, testing::Values("18", "34", "50", "101"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ResNetTest, HalvesTheImageFiveTimesWithTheImagenetStem) {
  EncoderHarness encoder("resnet", {.height = 64, .width = 64});
  const auto out = encoder.run(images(2, 64), Mode::kEvaluation);
  EXPECT_EQ(out.at("map").shape, (Shape{2, 512, 2, 2}));  // 64 / 32
  EXPECT_EQ(out.at("features").shape, (Shape{2, 512}));
}

TEST(ResNetTest, KeepsSmallImagesLargeWithTheCifarStem) {
  EncoderHarness encoder(R"(plugin = "resnet", stem = "cifar", width = 0.125, grid = 2)",
                         {.height = 32, .width = 32});
  EXPECT_EQ(encoder.get("conv1.weight").shape, (Shape{8, 3, 3, 3}));
  const auto out = encoder.run(images(2, 32), Mode::kEvaluation);
  EXPECT_EQ(out.at("map").shape, (Shape{2, 64, 4, 4}));  // 32 / 8
  EXPECT_EQ(out.at("features").shape, (Shape{2, 64 * 4}));
}

TEST(ResNetTest, BeginsEachResidualBranchAsNothingWhereAsked) {
  const EncoderHarness encoder(
      R"(plugin = "resnet", depth = "50", width = 0.125, zero_init_residual = true)",
      {.height = 32, .width = 32});
  for (const auto x : encoder.get("layer1.0.bn3.weight").numbers) EXPECT_EQ(x, 0);
  for (const auto x : encoder.get("layer1.0.bn2.weight").numbers) EXPECT_EQ(x, 1);
}

TEST(ResNetTest, RefusesChannelsThatTheDataDoesNotHave) {
  EXPECT_THROW(EncoderHarness(R"(plugin = "resnet", channels = 1)", Settings{}), ConfigError);
}

/// Loads a checkpoint's tensors by name into torchvision's model and prints its features and map
/// for the given images.
const char* const kForward = R"(
import json, pathlib, sys
import torch, torchvision

def read(path):
    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    out = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            assert entry["dtype"] == "F32", entry
            raw = bytearray(data[8 + size + begin:8 + size + end])
            out[name] = torch.frombuffer(raw, dtype=torch.float32).reshape(entry["shape"])
    return out

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1])
model = getattr(torchvision.models, (folder / "model.txt").read_text())(weights=None)
state = {name.removeprefix("encoder."): t for name, t in read(folder / "encoder.safetensors").items()}
missing, unexpected = model.load_state_dict(state, strict=False)
assert not unexpected, unexpected
assert all(n.startswith("fc.") or n.endswith("num_batches_tracked") for n in missing), missing
model.fc = torch.nn.Identity()
n, side = map(int, (folder / "shape.txt").read_text().split())
images = torch.tensor(list(map(float, (folder / "images.txt").read_text().split()))).reshape(n, 3, side, side)
for training in (True, False):  # the first moves the running averages, the second uses them
    model.train(training)
    with torch.no_grad():
        print("features", *(f"{x:.9g}" for x in model(images).flatten().tolist()))
)";

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

class ResNetForwardTest : public testing::TestWithParam<const char*> {};

TEST_P(ResNetForwardTest, EqualsTorchvisionWithTheSameWeights) {
  const auto python = host::find_python("torch, torchvision");
  if (python.empty())
    GTEST_SKIP() << "no Python that has torch and torchvision; set KITH_PYTHON to one";
  const std::string depth = GetParam();
  constexpr std::int64_t kImages = 4, kSide = 64;
  EncoderHarness encoder("plugin = \"resnet\", depth = \"" + depth + "\"",
                         {.seed = 3, .height = kSide, .width = kSide});
  const auto given = images(kImages, kSide);
  const host::TempFolder folder;
  encoder.save(folder / "encoder.safetensors");
  write(folder / "model.txt", "resnet" + depth);
  write(folder / "shape.txt", std::to_string(kImages) + " " + std::to_string(kSide));
  std::ostringstream numbers;
  numbers.precision(9);  // float32 exactly
  for (const auto x : given.numbers) numbers << static_cast<float>(x) << "\n";
  write(folder / "images.txt", numbers.str());

  const auto result = host::run_python(python, kForward, folder.path().string());
  ASSERT_EQ(result.status, 0) << result.output;
  std::istringstream lines(result.output);
  int compared = 0;
  for (std::string word; lines >> word;) {
    if (word != "features") continue;
    const auto mode = compared++ == 0 ? Mode::kTraining : Mode::kEvaluation;
    const auto own = encoder.run(given, mode).at("features").numbers;
    double largest = 0;
    for (const auto x : own) largest = std::max(largest, std::abs(x));
    for (const auto x : own) {
      double theirs = 0;
      ASSERT_TRUE(lines >> theirs);
      // Float32 through up to 50 layers; theirs is on the CPU, and other kernels add in another
      // order.
      ASSERT_NEAR(x, theirs, (host::test::device().is_cpu() ? 1e-5 : 1e-4) * largest)
          << (mode == Mode::kTraining ? "training" : "evaluation");
    }
  }
  EXPECT_EQ(compared, 2);
}

INSTANTIATE_TEST_SUITE_P(Depths, ResNetForwardTest, testing::Values("18", "50"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace kith
