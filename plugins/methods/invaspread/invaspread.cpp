// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// InvaSpread: the two views of an image must match, and all other rows of the batch spread apart;
/// no bank, no momentum.
///
/// arXiv 1904.03436, Sec. 3. Both views go through the encoder in one call, so batch norm sees 2N
/// rows.
class InvaSpread : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.invaspread",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "an instance softmax inside the batch, without a memory bank",
  };
  static constexpr auto options = kith::options(
      kith::plugin("loss", "loss", "instance_softmax").help("the loss over the 2N embeddings"),
      kith::integer("head_layers", 1)
          .range(0, 8)
          .help("layers of the projection head; 0: the features themselves"),
      kith::integer("embedding_width", 128).range(1, 65536).help("width of the embeddings"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  InvaSpread(const kith::Setup& setup, const kith::Options& o)
      : encoder_(setup.role()),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        loss_(setup.loss("loss", {"embedding", "reference"})) {}

  Tensor step(const kith::Step& step) {
    const Tensor both = kith::cat({step.view(0), step.view(1)});  // [2N, C, H, W]
    const Tensor z = projector_(encoder_(both));
    return loss_(z, z.detach());
  }

 private:
  static nn::Head form(const kith::Options& o) {
    return nn::Head::plain(o.integer("head_layers"), o.integer("embedding_width"));
  }

  kith::Network encoder_, projector_;
  kith::LossCall loss_;
};

}  // namespace

KITH_PLUGIN(InvaSpread);
