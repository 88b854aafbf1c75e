// SPDX-License-Identifier: Apache-2.0
#include "host/model/tiny_experiment.h"

#include <stdlib.h>

#include <fstream>
#include <stdexcept>

#include "host/model/fixture_job.h"

namespace kith::host::test {
namespace {

constexpr const char* kText = R"(name = "tiny"
seed = 3

[data]
reader = "idx"
path = "data"
val_fraction = 0.25

[encoder]
plugin = "small_net"

[method]
plugin = "plain_method"

[[views]]
size = 4
augment = [{ plugin = "flip", probability = 0.5 }]

[train]
epochs = 2
batch_size = 8
tensor_threads = 1
loader_threads = 1
log_every = 1

[optimizer]
kind = "sgd"
base_lr = 0.01
)";

void write_split(const std::filesystem::path& folder, const std::string& prefix, std::uint32_t n,
                 bool labels) {
  std::vector<std::uint8_t> pixels, classes;
  for (std::uint32_t i = 0; i < n; ++i) {
    classes.push_back(static_cast<std::uint8_t>(i % 3));
    for (std::uint32_t p = 0; p < 16; ++p)
      pixels.push_back(static_cast<std::uint8_t>((i * 37 + p * (11 + i % 3 * 5)) % 256));
  }
  write_idx(folder / (prefix + "-images-idx3-ubyte"), {n, 4, 4}, pixels);
  if (labels) write_idx(folder / (prefix + "-labels-idx1-ubyte"), {n}, classes);
}

}  // namespace

void write_idx(const std::filesystem::path& file, const std::vector<std::uint32_t>& extents,
               const std::vector<std::uint8_t>& values) {
  std::ofstream out(file, std::ios::binary);
  const auto big_endian = [&](std::uint32_t v) {
    for (const int shift : {24, 16, 8, 0}) out.put(static_cast<char>(v >> shift));
  };
  big_endian(0x800U | static_cast<std::uint32_t>(extents.size()));  // 8: unsigned bytes
  for (const auto extent : extents) big_endian(extent);
  for (const auto value : values) out.put(static_cast<char>(value));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

TinyExperiment::TinyExperiment(const std::string& more, std::vector<std::string> overrides,
                               bool labels, bool test)
    : overrides_(std::move(overrides)) {
  std::filesystem::create_directory(folder() / "data");
  write_split(folder() / "data", "train", 40, labels);
  if (test) write_split(folder() / "data", "t10k", 12, labels);
  std::ofstream(file()) << kText << more;
}

Assembly TinyExperiment::assemble() const {
  return host::assemble(load_experiment(file(), overrides_, fixture_shelf()), fixture_shelf());
}

}  // namespace kith::host::test
