// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/heads.hpp>
#include <kith/memory_bank.hpp>
#include <kith/nce.hpp>
#include <optional>
#include <string>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// InstDisc: every image is a class of its own, and its stored embedding is that class's weight.
///
/// arXiv 1805.01978, Sec. 3. Rows are scored as they were before this step, then mixed with this
/// step's embeddings.
class InstDisc : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.instdisc",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "discriminates instances with a memory bank",
  };
  static constexpr auto options = kith::options(
      kith::choice("classifier", "nce", "softmax", "full")
          .help("nce, or softmax over the image's own row and drawn ones; full: over all rows"),
      kith::integer("negatives", 4096)
          .range(1, 1 << 17)
          .help("rows drawn for each image, with replacement; full: not used"),
      kith::real("temperature", 0.07)
          .range(kith::Nce::kLeastTemperature, 1e4)
          .help("divides the cosine similarities"),
      kith::real("bank_momentum", 0.5).range(0, 1).help("share of a row that stays at an update"),
      kith::integer("head_layers", 1)
          .range(0, 8)
          .help("layers of the projection head; 0: the features themselves"),
      kith::integer("embedding_width", 128).range(1, 65536).help("width of the embeddings"));
  static constexpr kith::Needs needs{.min_views = 1, .max_views = 1, .min_batch = 2};

  InstDisc(const kith::Setup& setup, const kith::Options& o)
      : kind_(o.text("classifier")),
        negatives_(o.integer("negatives")),
        temperature_(o.real("temperature")),
        momentum_(o.real("bank_momentum")),
        encoder_(setup.role()),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        bank_(setup, form(o).width(encoder_.width())) {
    if (kind_ == "nce") nce_.emplace(setup, "z", bank_.size(), temperature_);
  }

  Tensor step(const kith::Step& step) {
    const Tensor x = kith::normalize(projector_(encoder_(step.view(0))));  // [N, C]
    fresh_ = x.detach();
    if (kind_ == "full")  // in float32 under autocast too, where a product would be bfloat16
      return kith::call<"kith::masked_softmax_loss">(x, bank_.rows(), /*positive=*/step.indices(),
                                                     /*excluded=*/std::nullopt, temperature_);
    const Tensor chosen = bank_.with_negatives(step.indices(), negatives_);  // [N, 1 + K]
    const Tensor similarity = bank_.dot(x, chosen);
    if (nce_) return (*nce_)(similarity);
    return kith::cross_entropy(similarity / temperature_, kith::zeros_like(step.indices()));
  }

  double chance_value() const {
    if (nce_) return kith::Nce::chance_value(negatives_);
    return kind_ == "full" ? std::log(bank_.size()) : std::log1p(negatives_);
  }

  void after_backward(const kith::Step& step) { bank_.update(step.indices(), fresh_, momentum_); }

 private:
  static nn::Head form(const kith::Options& o) {
    return nn::Head::plain(o.integer("head_layers"), o.integer("embedding_width"));
  }

  std::string kind_;
  std::int64_t negatives_;
  double temperature_, momentum_;
  kith::Network encoder_, projector_;
  kith::MemoryBank bank_;
  std::optional<kith::Nce> nce_;
  Tensor fresh_;  // this step's embeddings, until they are stored
};

}  // namespace

KITH_PLUGIN(InstDisc);
