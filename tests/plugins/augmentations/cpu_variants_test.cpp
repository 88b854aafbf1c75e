// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "shipped_augmentation.h"
#include "single_augmentation.h"

namespace kith::testing {
namespace {

using host::Arithmetic;
using host::ViewPipeline;
using host::ViewSpec;

struct Variant {
  std::string name;
  Settings settings;

  // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's name.
  friend void PrintTo(const Variant& v, std::ostream* out) { *out << v.name; }
};

std::vector<Variant> variants() {
  const Settings jitter = {
      {"brightness", {0.8}}, {"contrast", {0.8}}, {"saturation", {0.8}}, {"hue", {0.2}}};
  Settings additive = jitter;
  additive.push_back({"brightness_form", {"add"}});
  return {{"colour_jitter", jitter},
          {"colour_jitter", additive},
          {"gaussian_blur", {{"kernel", {"pillow"}}}},
          {"gaussian_blur", {{"kernel", {"gaussian23"}}}},
          {"gaussian_blur", {{"kernel", {"simclr"}}}},
          {"gaussian_noise", {}},
          {"grayscale", {}},
          {"normalise", {}},
          {"sobel", {}},
          {"sobel", {{"edges_of", {"grey"}}}},
          {"solarise", {}}};
}

class CpuVariantsTest : public ::testing::TestWithParam<Variant> {};

/// On a processor without AVX2 both are the same code.
TEST_P(CpuVariantsTest, GiveTheSameBytesAsPlainCode) {
  const int height = 67, width = 93;  // more than one tile; no multiple of a vector
  const auto picture = noise(height, width, 3);
  for (const Arithmetic arithmetic :
       {Arithmetic::kPillow8, Arithmetic::kFloat, Arithmetic::kTensorflow}) {
    const ViewSpec spec{.height = height, .width = width, .channels = 3, .arithmetic = arithmetic};
    const ViewPipeline shipped({{load_augmentation(GetParam().name, GetParam().settings), 1}},
                               spec);
    const ViewPipeline plain({{load_plain_augmentation(GetParam().name, GetParam().settings), 1}},
                             spec);
    for (std::uint64_t sample = 0; sample < 8; ++sample) {
      host::ViewScratch scratch;
      std::vector<float> a(spec.floats()), b(spec.floats());
      const DrawKey key{.seed = 5, .sample = sample};
      shipped.run({picture.data(), height, width, 3}, key, a.data(), scratch);
      plain.run({picture.data(), height, width, 3}, key, b.data(), scratch);
      ASSERT_EQ(a, b) << "sample " << sample;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, CpuVariantsTest, ::testing::ValuesIn(variants()));

}  // namespace
}  // namespace kith::testing
