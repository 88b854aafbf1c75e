// SPDX-License-Identifier: Apache-2.0
#include <kith/heads.hpp>
#include <kith/method.hpp>
#include <kith/queue.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// MoCo: a query must find its key, which a slow copy of the encoder made of the other view, among
/// the last K keys.
///
/// Version 1: arXiv 1911.05722, Sec. 3, Alg. 1; version 2, arXiv 2003.04297, is head_layers = 2.
class MoCo : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.moco",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "contrasts a query with its key and a queue of earlier keys",
  };
  static constexpr auto options = kith::options(
      kith::plugin("loss", "loss", "info_nce").help("of queries, their keys and the queue"),
      kith::integer("queue_size", 65536)
          .range(1, 1 << 24)
          .help("keys kept; a multiple of the keys of a step"),
      kith::choice("queue_wrap", "whole", "truncate")
          .help("truncate: any queue_size; keys that do not fit at the end are dropped"),
      kith::schedule("ema_momentum", 0.999).range(0, 1).help("the key encoder's own share"),
      kith::integer("head_layers", 1)
          .range(0, 8)
          .help("1: version 1; 2: version 2; 0: the features themselves"),
      kith::integer("embedding_width", 128).range(1, 65536).help("width of the embeddings"),
      kith::integer("norm_groups", 1)
          .range(1, 4096)
          .help("groups with batch statistics of their own: devices that one stands for"),
      kith::boolean("shuffle", true)
          .help("keys pass in another order than queries where statistics are of a part of them"),
      kith::boolean("symmetric", false)
          .help("each view is query and key in turn; both sets of keys are kept"));
  static constexpr kith::Needs needs{.min_views = 2, .max_views = 2, .min_batch = 2};

  static void validate(const kith::Options& o, std::int64_t batch_size,
                       std::int64_t /*train_images*/) {
    if (o.text("queue_wrap") == "whole")
      kith::Queue::check_whole("moco", o.integer("queue_size"),
                               batch_size * (o.boolean("symmetric") ? 2 : 1));
  }

  MoCo(const kith::Setup& setup, const kith::Options& o)
      : setup_(setup),
        shuffles_(o.boolean("shuffle") &&
                  (o.integer("norm_groups") > 1 || setup.ranks().count() > 1)),
        symmetric_(o.boolean("symmetric")),
        encoder_(setup.role()),
        projector_(setup.head("projector", nn::head(encoder_.width(), form(o)))),
        key_encoder_(setup.copy(encoder_, "key", follows(o))),
        key_projector_(setup.copy(projector_, "key", follows(o))),
        queue_(setup, o.integer("queue_size"), form(o).width(encoder_.width()),
               o.text("queue_wrap") == "whole" ? kith::Queue::Wrap::kWhole
                                               : kith::Queue::Wrap::kTruncate),
        loss_(setup.loss("loss", {"query", "key", "queue"})) {
    encoder_.batch_norm(o.integer("norm_groups"), false);
    key_encoder_.batch_norm(o.integer("norm_groups"), false);
  }

  Tensor step(const kith::Step& step) {
    keys_ = key(step.view(1), "shuffle");
    const Tensor loss = loss_(query(step.view(0)), keys_, queue_.rows());
    if (!symmetric_) return loss;
    const Tensor others = key(step.view(0), "shuffle_back");
    keys_ = kith::cat({keys_, others});
    return loss + loss_(query(step.view(1)), others, queue_.rows());
  }

  /// The batch's keys take the place of the oldest.
  void after_backward(const kith::Step&) { queue_.enqueue(keys_); }

 private:
  static nn::Head form(const kith::Options& o) {
    return nn::Head::plain(o.integer("head_layers"), o.integer("embedding_width"));
  }
  static kith::CopyRule follows(const kith::Options& o) {
    return {.ema_momentum = o.schedule("ema_momentum"), .moves_before_step = true};
  }
  Tensor query(const Tensor& view) const { return kith::normalize(projector_(encoder_(view))); }
  Tensor key(const Tensor& view, std::string_view draw) const {
    return kith::no_grad([&] {
      if (!shuffles_) return encode_key(view);
      // Batch statistics would tell a query its key: both would be of the same images.
      const auto ranks = setup_.ranks();
      const Tensor order = setup_.permutation(draw, view.size(0) * ranks.count());
      const auto own = [&](const Tensor& all) {
        return all.narrow(0, ranks.rank() * view.size(0), view.size(0));
      };
      const Tensor shuffled = encode_key(ranks.gather(view).index_select(0, own(order)));
      const Tensor back = kith::call<"aten::argsort">(order);
      return ranks.gather(shuffled).index_select(0, own(back));
    });
  }
  Tensor encode_key(const Tensor& view) const {
    return kith::normalize(key_projector_(key_encoder_(view)));
  }

  kith::Setup setup_;
  bool shuffles_, symmetric_;
  kith::Network encoder_, projector_, key_encoder_, key_projector_;
  kith::Queue queue_;
  kith::LossCall loss_;
  Tensor keys_;  // of this step, until they are queued
};

}  // namespace

KITH_PLUGIN(MoCo);
