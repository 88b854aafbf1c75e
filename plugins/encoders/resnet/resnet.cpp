// SPDX-License-Identifier: Apache-2.0
#include <kith/encoder.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

std::unique_ptr<nn::Conv2d> conv(const kith::Scope& s, std::int64_t in, std::int64_t out,
                                 std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return std::make_unique<nn::Conv2d>(
      s, in, out, kernel,
      nn::Conv2d::Options{.stride = stride,
                          .padding = padding,
                          .bias = false,
                          .init = kith::init::kaiming_normal_fan_out(out * kernel * kernel)});
}

/// What one residual block is made of: 3x3, 3x3, or 1x1, 3x3, 1x1 with four times the width (stride
/// on the 3x3).
class Block {
 public:
  Block(const kith::Scope& s, std::int64_t in, std::int64_t width, std::int64_t stride,
        bool bottleneck, bool zero_init)
      : out_(bottleneck ? 4 * width : width) {
    if (bottleneck) {
      add(s, 1, in, width, 1, 1, 0, 1);
      add(s, 2, width, width, 3, stride, 1, 1);
      add(s, 3, width, out_, 1, 1, 0, zero_init ? 0 : 1);
    } else {
      add(s, 1, in, width, 3, stride, 1, 1);
      add(s, 2, width, width, 3, 1, 1, zero_init ? 0 : 1);
    }
    if (stride != 1 || in != out_) {
      shortcut_ = conv(s / "downsample" / 0, in, out_, 1, stride, 0);
      shortcut_norm_ = std::make_unique<nn::BatchNorm2d>(s / "downsample" / 1, out_);
    }
  }

  Tensor operator()(const Tensor& x) const {
    Tensor y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i) {
      y = (*norms_[i])((*convs_[i])(y));
      if (i + 1 < convs_.size()) y = y.relu();
    }
    return (y + (shortcut_ ? (*shortcut_norm_)((*shortcut_)(x)) : x)).relu();
  }
  std::int64_t out() const { return out_; }

 private:
  void add(const kith::Scope& s, std::int64_t index, std::int64_t in, std::int64_t out,
           std::int64_t kernel, std::int64_t stride, std::int64_t padding, double scale) {
    const auto number = std::to_string(index);
    convs_.push_back(conv(s / ("conv" + number), in, out, kernel, stride, padding));
    norms_.push_back(std::make_unique<nn::BatchNorm2d>(
        s / ("bn" + number), out, nn::BatchNorm::Options{.initial_scale = scale}));
  }

  std::int64_t out_;
  std::vector<std::unique_ptr<nn::Conv2d>> convs_;
  std::vector<std::unique_ptr<nn::BatchNorm2d>> norms_;
  std::unique_ptr<nn::Conv2d> shortcut_;
  std::unique_ptr<nn::BatchNorm2d> shortcut_norm_;
};

/// ResNet 18 to 152 (arXiv 1512.03385) in torchvision's form: names, initialisation, stride on the
/// 3x3 of a bottleneck.
///
/// The CIFAR stem is a 3x3 convolution with stride 1 and no pooling (SimCLR, arXiv 2002.05709, App.
/// B.9). `width` scales every stage and with it the features: 1/8 begins with 8 channels.
class ResNet : public kith::Encoder {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.resnet",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "ResNet 18, 34, 50, 101 and 152 with the ImageNet or the CIFAR stem",
  };
  static constexpr auto options = kith::options(
      kith::choice("depth", "18", "34", "50", "101", "152").help("number of layers"),
      kith::choice("stem", "imagenet", "cifar")
          .help("imagenet: 7x7 stride 2 and max-pool; cifar: 3x3 stride 1"),
      kith::real("width", 1.0).range(0.03125, 16.0).help("factor of all channel counts"),
      kith::integer("channels", 0).range(0, 64).help("channels of the input; 0: those of the data"),
      kith::integer("grid", 1).range(1, 16).help("side of the pooled grid; 1: global average"),
      kith::boolean("zero_init_residual", false).help("each residual branch begins as nothing"));
  static constexpr kith::EncoderOutput outputs[] = {{"features", "N D"}, {"map", "N C H W"}};

  ResNet(const kith::Scope& s, const kith::InputShape& in, const kith::Options& o)
      : cifar_(o.text("stem") == "cifar"), grid_(o.integer("grid")) {
    const auto depth = o.text("depth");
    const bool bottleneck = depth != "18" && depth != "34";
    const auto wanted = o.integer("channels");
    if (wanted != 0 && wanted != in.channels)
      throw kith::ConfigError("resnet: channels must equal the data's " +
                              std::to_string(in.channels) + " (or be 0), got " +
                              std::to_string(wanted));
    const auto scaled = [&](std::int64_t channels) {
      return std::max<std::int64_t>(1,
                                    std::llround(static_cast<double>(channels) * o.real("width")));
    };
    auto channels = scaled(64);
    stem_ = cifar_ ? conv(s / "conv1", in.channels, channels, 3, 1, 1)
                   : conv(s / "conv1", in.channels, channels, 7, 2, 3);
    stem_norm_ = std::make_unique<nn::BatchNorm2d>(s / "bn1", channels);
    const auto blocks = blocks_of(depth);
    for (std::int64_t stage = 0; stage < 4; ++stage) {
      const auto scope = s / ("layer" + std::to_string(stage + 1));
      const auto width = scaled(std::int64_t{64} << stage);
      for (std::int64_t i = 0; i < blocks[static_cast<std::size_t>(stage)]; ++i) {
        blocks_.emplace_back(scope / i, channels, width, i == 0 && stage > 0 ? 2 : 1, bottleneck,
                             o.boolean("zero_init_residual"));
        channels = blocks_.back().out();
      }
    }
  }

  void forward(const Tensor& x, kith::Outputs& out) const {
    Tensor y = (*stem_norm_)((*stem_)(x)).relu();
    if (!cifar_) y = nn::max_pool2d(y, 3, 2, 1);
    for (const auto& block : blocks_) y = block(y);
    if (out.wants(0)) out.set(0, nn::adaptive_avg_pool2d(y, grid_).flatten(1));
    out.set(1, y);
  }

 private:
  static std::array<std::int64_t, 4> blocks_of(std::string_view depth) {
    if (depth == "18") return {2, 2, 2, 2};
    if (depth == "34" || depth == "50") return {3, 4, 6, 3};
    if (depth == "101") return {3, 4, 23, 3};
    return {3, 8, 36, 3};
  }

  bool cifar_;
  std::int64_t grid_;
  std::unique_ptr<nn::Conv2d> stem_;
  std::unique_ptr<nn::BatchNorm2d> stem_norm_;
  std::vector<Block> blocks_;
};

}  // namespace

KITH_PLUGIN(ResNet);
