// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// SimCLR: two views of each image pass one encoder and one head together; the loss pulls them to
/// each other and away from all other rows of the batch.
///
/// arXiv 2002.05709, Sec. 2; head as in Sec. 4.2 and the released code. Both views go through the
/// encoder in one call, so batch norm sees 2N rows.
class SimClr : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.simclr",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "contrasts two views of an image with all other images of the batch",
  };
  static constexpr auto options = kith::options(
      kith::plugin("loss", "loss", "nt_xent").help("the loss over the 2N embeddings"),
      kith::integer("head_layers", 2)
          .range(0, 8)
          .help("layers of the projection head; 0: the features themselves"),
      kith::integer("head_width", 0)
          .range(0, 65536)
          .help("width of its inner layers; 0: the features' width"),
      kith::integer("embedding_width", 128).range(1, 65536).help("width of the embeddings"),
      kith::boolean("last_norm", true)
          .help("batch norm with a scale and no shift after the last layer"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  SimClr(const kith::Setup& setup, const kith::Options& o)
      : encoder_(setup.role("encoder")),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        loss_(setup.loss("loss", {"embedding"})) {}

  Tensor step(const kith::Step& step) {
    const Tensor both = kith::cat({step.view(0), step.view(1)});  // [2N, C, H, W]
    return loss_(projector_(encoder_(both)));
  }

 private:
  static nn::Head form(const kith::Options& o) {
    return {.layers = o.integer("head_layers"),
            .inner = o.integer("head_width"),
            .out = o.integer("embedding_width"),
            .last_norm = o.boolean("last_norm") ? nn::LastNorm::kScale : nn::LastNorm::kNone};
  }

  kith::Network encoder_;
  kith::Network projector_;
  kith::LossCall loss_;
};

}  // namespace

KITH_PLUGIN(SimClr);
