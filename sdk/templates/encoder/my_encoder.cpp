// SPDX-License-Identifier: Apache-2.0
#include <kith/encoder.hpp>
#include <memory>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// Convolutions of stride 2, each with batch norm and a rectifier, then the mean over all places.
class MyEncoder : public kith::Encoder {
 public:
  static constexpr kith::Identity identity{
      .id = "org.example.my_encoder",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "strided convolutions and a mean over all places",
  };
  static constexpr auto options = kith::options(
      kith::integers("widths", 32, 64, 128)
          .range(1, 8192)
          .length(1, 8)
          .unit("channels")
          .help("channels after each convolution; the last is the width of the features"));
  static constexpr kith::EncoderOutput outputs[] = {{"features", "N D"}};

  /// Declares all parameters and buffers: 0.conv.weight, 0.norm.weight, ..., 1.conv.weight, ...
  MyEncoder(const kith::Scope& scope, const kith::InputShape& in, const kith::Options& o) {
    auto channels = in.channels;
    for (const auto width : o.integers("widths")) {
      stages_.push_back(
          std::make_unique<Stage>(scope / std::to_string(stages_.size()), channels, width));
      channels = width;
    }
  }

  void forward(const Tensor& x, kith::Outputs& out) const {
    Tensor map = x;  // [N, C, H, W]
    for (const auto& stage : stages_) map = stage->forward(map);
    out.set(0, map.flatten(2).mean(2));  // [N, D]
  }

 private:
  struct Stage {
    Stage(const kith::Scope& s, std::int64_t in, std::int64_t width)
        : conv(s / "conv", in, width, 3, {.stride = 2, .padding = 1, .bias = false}),
          norm(s / "norm", width) {}
    Tensor forward(const Tensor& x) const { return norm(conv(x)).relu(); }

    nn::Conv2d conv;
    nn::BatchNorm2d norm;
  };
  std::vector<std::unique_ptr<Stage>> stages_;
};

}  // namespace

KITH_PLUGIN(MyEncoder);
