// SPDX-License-Identifier: Apache-2.0
#include "small_data.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "host/data/data_files.h"

namespace kith::integration {
namespace fs = std::filesystem;
namespace {

std::vector<std::uint8_t> striped_images(int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < count; ++i) {
    const int label = i % kClasses;
    const double phase = 6.3 * uniform();
    const double frequency = 0.5 + 0.5 * (label / 2);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const double place = label % 2 == 0 ? x : y;
        const double noise = 60 * (uniform() - 0.5);
        const double value = 127 + 90 * std::sin(place * frequency + phase) + noise;
        pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }
  return pixels;
}

void write_part(const fs::path& folder, const std::string& prefix, int count, bool labels) {
  const auto n = static_cast<std::uint32_t>(count);
  host::test::write_file(folder / (prefix + "-images-idx3-ubyte"),
                         host::test::idx_bytes({n, kSide, kSide}, striped_images(count, n)));
  if (!labels) return;
  std::vector<std::uint8_t> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<std::uint8_t>(i % kClasses));
  host::test::write_file(folder / (prefix + "-labels-idx1-ubyte"),
                         host::test::idx_bytes({n}, values));
}

}  // namespace

void write_idx_data(const fs::path& folder, bool labels) {
  write_part(folder, "train", kTrainImages, labels);
  write_part(folder, "t10k", kTestImages, labels);
}

void write_image_folder(const fs::path& folder, int count, int side, const std::string& ending) {
  std::uint32_t seed = 0;
  for (const char* name : {"cat", "dog"}) {
    for (int i = 0; i < count; ++i) {
      const auto image = host::test::noise_image(side, side, 3, seed++);
      const auto bytes = ending == ".png" ? host::test::png_bytes(image)
                                          : host::test::jpeg_bytes(side, side, 3, image.pixels);
      host::test::write_file(folder / "train" / name / (std::to_string(i) + ending), bytes);
    }
  }
}

const char* const kSmallExperiment = R"(name = "small"
seed = 1

[data]
reader = "idx"
path = "data"

[encoder]
plugin = "convnet"
widths = [8, 16]
strides = [1, 2]
first_kernel = 3

[method]
plugin = "simclr"
head_width = 16
embedding_width = 8

[[views]]
count = 2
size = 12
augment = [
    { plugin = "random_resized_crop", area = [0.5, 1.0] },
    { plugin = "flip", probability = 0.5 },
]

[train]
epochs = 4
batch_size = 32
log_every = 1
tensor_threads = 1
loader_threads = 1

[optimizer]
kind = "adamw"
base_lr = 2e-3

[[evaluation]]
plugin = "knn"
labels_per_class = [0]
every_epochs = 2
)";

const char* const kSmallMethod = "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8";

const char* const kQueueMethod =
    "plugin = \"moco\"\nqueue_size = 64\nembedding_width = 8\nhead_layers = 2\n"
    "ema_momentum = 0.9\nnorm_groups = 4";

}  // namespace kith::integration
