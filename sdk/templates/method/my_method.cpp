// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// Linear, batch norm, rectifier, linear.
nn::Head form(const kith::Options& o) {
  return {.inner = o.integer("head_width"),
          .out = o.integer("embedding_width"),
          .inner_bias = true,
          .last_bias = true};
}

/// A student predicts, from one view, what its teacher makes of the other view. The teacher is the
/// student's moving average and gets no gradient.
class MyMethod : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.example.my_method",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "predicts what a moving average of the network makes of the other view",
  };
  static constexpr auto options = kith::options(
      kith::integer("head_width", 512).range(1, 65536).help("width of the heads' inner layer"),
      kith::integer("embedding_width", 128).range(1, 65536).help("width of the embeddings"),
      kith::schedule("ema_momentum", kith::cosine(0.99, 1.0))
          .range(0, 1)
          .help("the old teacher's share in the new one"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  /// Makes all networks; the host owns their parameters, optimises, saves and restores them.
  MyMethod(const kith::Setup& setup, const kith::Options& o)
      : setup_(setup),
        encoder_(setup.role("encoder")),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        predictor_(setup.head("predictor", nn::head(o.integer("embedding_width"), form(o)))),
        teacher_encoder_(setup.copy(encoder_, "teacher", rule(o))),
        teacher_projector_(setup.copy(projector_, "teacher", rule(o))) {}

  /// The loss of one batch; the host runs the backward pass and the optimiser. Nothing in it reads
  /// a tensor back.
  Tensor step(const kith::Step& step) {
    // One call after the other: batch norm's running averages move in the order of the calls.
    const Tensor p1 = predict(step.view(0)), p2 = predict(step.view(1));  // [N, C]
    const Tensor t1 = target(step.view(0)), t2 = target(step.view(1));
    const Tensor likeness = (cosine(p1, t2) + cosine(p2, t1)) * 0.5;  // [N]
    setup_.metric("likeness", likeness.mean());
    return 2.0 - 2.0 * likeness.mean();
  }

 private:
  static kith::CopyRule rule(const kith::Options& o) {
    return {.ema_momentum = o.schedule("ema_momentum")};
  }

  Tensor predict(const Tensor& view) const { return predictor_(projector_(encoder_(view))); }
  Tensor target(const Tensor& view) const {
    return kith::no_grad([&] { return teacher_projector_(teacher_encoder_(view)); });
  }
  /// The cosine between the rows of two matrices, [N].
  static Tensor cosine(const Tensor& a, const Tensor& b) {
    return (kith::normalize(a) * kith::normalize(b)).sum(1);
  }

  kith::Setup setup_;
  kith::Network encoder_, projector_, predictor_, teacher_encoder_, teacher_projector_;
};

}  // namespace

KITH_PLUGIN(MyMethod);
