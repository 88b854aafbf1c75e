// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>
#include <limits>
#include <optional>
#include <string>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// SimSiam: each view's prediction is drawn to the other view's projection, which is held fixed; no
/// negatives, no slow copy.
///
/// arXiv 2011.10566, Sec. 3 and Alg. 1. Each view passes alone, so batch norm sees one view at a
/// time.
class SimSiam : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.simsiam",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "predicts one view from the other behind a stop-gradient",
  };
  static constexpr auto options = kith::options(
      kith::plugin("loss", "loss", "negative_cosine").help("of one direction"),
      kith::integer("head_layers", 3).range(1, 8).help("layers of the projector; CIFAR: 2"),
      kith::integer("head_width", 0)
          .range(0, 65536)
          .help("width of its inner layers; 0: the features' width; CIFAR: 2048"),
      kith::integer("embedding_width", 2048).range(1, 65536).help("width of the projections"),
      kith::integer("predictor_width", 512)
          .range(1, 65536)
          .help("width of the predictor's inner layer"),
      kith::boolean("fixed_predictor_lr", true)
          .help("the predictor keeps the base learning rate; false: it follows the schedule"),
      kith::boolean("stop_gradient", true)
          .help("false: the targets are trained too, and all features become one"),
      kith::boolean("predictor", true).help("false: the projection stands for the prediction"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  SimSiam(const kith::Setup& setup, const kith::Options& o)
      : stop_gradient_(o.boolean("stop_gradient")),
        encoder_(setup.role()),
        projector_(setup.head("projector", nn::head(encoder_.width(), projector(o)))),
        loss_(setup.loss("loss", {"prediction", "target"})) {
    // As released: the last linear layer has a bias that stays, since batch norm follows.
    const auto last = 3 * (o.integer("head_layers") - 1);
    setup.force("projector." + std::to_string(last) + ".bias", kith::Force::kFrozenUntilStep,
                std::numeric_limits<double>::infinity());
    if (!o.boolean("predictor")) return;
    predictor_ = setup.head(
        "predictor", nn::head(o.integer("embedding_width"), {.inner = o.integer("predictor_width"),
                                                             .out = o.integer("embedding_width"),
                                                             .last_bias = true}));
    if (o.boolean("fixed_predictor_lr")) setup.force("predictor", kith::Force::kConstantLr, 1);
  }

  Tensor step(const kith::Step& step) {
    // One call after the other: batch norm's running averages move in their order.
    const Tensor z1 = projector_(encoder_(step.view(0)));
    const Tensor z2 = projector_(encoder_(step.view(1)));
    const Tensor p1 = predict(z1);
    const Tensor p2 = predict(z2);
    return 0.5 * loss_(p1, target(z2)) + 0.5 * loss_(p2, target(z1));
  }

 private:
  static nn::Head projector(const kith::Options& o) {
    return {.layers = o.integer("head_layers"),
            .inner = o.integer("head_width"),
            .out = o.integer("embedding_width"),
            .last_bias = true,
            .last_norm = nn::LastNorm::kPlain};
  }
  Tensor predict(const Tensor& z) const { return predictor_ ? (*predictor_)(z) : z; }
  Tensor target(const Tensor& z) const { return stop_gradient_ ? z.detach() : z; }

  bool stop_gradient_;
  kith::Network encoder_, projector_;
  std::optional<kith::Network> predictor_;
  kith::LossCall loss_;
};

}  // namespace

KITH_PLUGIN(SimSiam);
