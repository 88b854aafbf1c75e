// SPDX-License-Identifier: Apache-2.0
#include <kith/encoder.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// A plain stack of convolutions for small images: convolution without bias, batch norm, ReLU, as
/// often as `widths` says, then the mean over a small grid. The example to copy for an encoder of
/// your own.
class ConvNet : public kith::Encoder {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.convnet",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "a small stack of convolutions with batch norm, for small images",
  };
  static constexpr auto options =
      kith::options(kith::integers("widths", 16, 16, 32, 32, 64, 128)
                        .range(1, 8192)
                        .length(1, 32)
                        .help("channels of each layer"),
                    kith::integers("strides", 2, 1, 2, 1, 2, 1)
                        .range(1, 8)
                        .length(1, 32)
                        .unit("px")
                        .help("stride of each layer"),
                    kith::integer("first_kernel", 5)
                        .range(1, 15)
                        .unit("px")
                        .help("side of the first layer's kernel; odd"),
                    kith::integer("grid", 2).range(1, 16).help(
                        "side of the pooled grid: features = last width x grid x grid"));
  static constexpr kith::EncoderOutput outputs[] = {{"features", "N D"}, {"map", "N C H W"}};

  ConvNet(const kith::Scope& s, const kith::InputShape& in, const kith::Options& o)
      : body_(s / "layers"), grid_(o.integer("grid")) {
    const auto widths = o.integers("widths");
    const auto strides = o.integers("strides");
    if (widths.size() != strides.size())
      throw kith::ConfigError("convnet: widths and strides must be equally long, got " +
                              std::to_string(widths.size()) + " and " +
                              std::to_string(strides.size()));
    auto channels = in.channels;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const auto kernel = i == 0 ? o.integer("first_kernel") : 3;
      body_.add<nn::Conv2d>(
          channels, widths[i], kernel,
          nn::Conv2d::Options{.stride = strides[i], .padding = kernel / 2, .bias = false});
      body_.add<nn::BatchNorm2d>(widths[i]);
      body_.add<nn::ReLU>();
      channels = widths[i];
    }
  }

  void forward(const Tensor& x, kith::Outputs& out) const {
    const Tensor map = body_(x);  // [N, C, H', W']
    if (out.wants(0)) out.set(0, nn::adaptive_avg_pool2d(map, grid_).flatten(1));
    out.set(1, map);
  }

 private:
  nn::Sequential body_;
  std::int64_t grid_;
};

}  // namespace

KITH_PLUGIN(ConvNet);
