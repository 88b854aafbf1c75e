// SPDX-License-Identifier: Apache-2.0
#include <kith/encoder.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// Linear, batch norm and ReLU on the flat pixels, as often as `widths` says: a network of small
/// operators, where the border would show.
class Mlp : public kith::Encoder {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.mlp",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "a multi-layer perceptron on the pixels, for the benchmark of a small step",
  };
  static constexpr auto options = kith::options(
      kith::integers("widths", 256, 256).range(1, 8192).length(1, 32).help("width of each layer"));
  static constexpr kith::EncoderOutput outputs[] = {{"features", "N D"}};

  Mlp(const kith::Scope& s, const kith::InputShape& in, const kith::Options& o)
      : layers_(s / "layers") {
    auto width = in.channels * in.height * in.width;
    for (const auto next : o.integers("widths")) {
      layers_.add<nn::Linear>(width, next, nn::Linear::Options{.bias = false});
      layers_.add<nn::BatchNorm1d>(next);
      layers_.add<nn::ReLU>();
      width = next;
    }
  }

  void forward(const Tensor& x, kith::Outputs& out) const { out.set(0, layers_(x.flatten(1))); }

 private:
  nn::Sequential layers_;
};

}  // namespace

KITH_PLUGIN(Mlp);
