// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>
#include <optional>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// BYOL: an online network predicts what a slow target makes of the other view; no negatives.
///
/// arXiv 2006.07733, Sec. 3.1-3.2 and Alg. 1. Each view passes alone, so batch norm sees one view
/// at a time; the target moves after the optimiser's step.
class Byol : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.byol",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "predicts a slow target's projection of the other view",
  };
  static constexpr auto options = kith::options(
      kith::plugin("loss", "loss", "normalised_mse").help("of one direction"),
      kith::schedule("ema_momentum", kith::cosine(0.996, 1.0))
          .range(0, 1)
          .help("the target's own share at each move"),
      kith::choice("target_begins", "own", "copied")
          .help("own: with an initialisation of its own, as released; copied: as the online one"),
      kith::boolean("predictor", true).help("false: the projection stands for the prediction"),
      kith::integer("head_width", 4096).range(1, 65536).help("width of the heads' inner layer"),
      kith::integer("embedding_width", 256).range(1, 65536).help("width of the projections"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  Byol(const kith::Setup& setup, const kith::Options& o)
      : encoder_(setup.role()),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        target_encoder_(setup.copy(encoder_, "target", follows(o))),
        target_projector_(setup.copy(projector_, "target", follows(o))),
        loss_(setup.loss("loss", {"prediction", "target"})) {
    if (o.boolean("predictor"))
      predictor_ = setup.head("predictor", nn::head(o.integer("embedding_width"), form(o)));
  }

  Tensor step(const kith::Step& step) {
    // One call after the other: batch norm's running averages move in their order.
    const Tensor p1 = predict(step.view(0));
    const Tensor p2 = predict(step.view(1));
    const Tensor z1 = target(step.view(0));
    const Tensor z2 = target(step.view(1));
    return loss_(p1, z2) + loss_(p2, z1);
  }

 private:
  static nn::Head form(const kith::Options& o) {
    return {
        .inner = o.integer("head_width"), .out = o.integer("embedding_width"), .inner_bias = true};
  }
  static kith::CopyRule follows(const kith::Options& o) {
    return {.ema_momentum = o.schedule("ema_momentum"),
            .begins_copied = o.text("target_begins") == "copied"};
  }
  Tensor predict(const Tensor& view) const {
    const Tensor projection = projector_(encoder_(view));
    return predictor_ ? (*predictor_)(projection) : projection;
  }
  Tensor target(const Tensor& view) const {
    return kith::no_grad([&] { return target_projector_(target_encoder_(view)); });
  }

  kith::Network encoder_, projector_, target_encoder_, target_projector_;
  std::optional<kith::Network> predictor_;
  kith::LossCall loss_;
};

}  // namespace

KITH_PLUGIN(Byol);
