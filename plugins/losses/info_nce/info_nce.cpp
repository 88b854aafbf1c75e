// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// InfoNCE: each query must find its key among that key and the K rows of a queue.
///
/// MoCo, arXiv 1911.05722, Sec. 3.1, Eq. 1; the mean over the N queries, in nats. Only the query
/// carries a gradient. Rows are taken as they come: the method makes them unit rows.
class InfoNce : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.info_nce",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "cross-entropy of a key among itself and a queue of negatives (MoCo)",
  };
  static constexpr auto options = kith::options(
      kith::real("temperature", 0.07).range(1e-4, 1e4).help("divides the dot products"));
  static constexpr kith::LossInput inputs[] = {
      {"query", "N C", "unit_rows gradient"},
      {"key", "N C", "unit_rows"},    // row i is the positive of query i
      {"queue", "K C", "unit_rows"},  // negatives of every query
  };
  static constexpr const char* reduction = "mean over the N rows of this rank; averaged over ranks";

  explicit InfoNce(const kith::Options& o) : temperature_(o.real("temperature")) {}

  Tensor forward(std::span<const Tensor> in) const {
    const Tensor &query = in[0], &key = in[1], &queue = in[2];
    check_rows(query, key, queue);
    return kith::call<"kith::paired_softmax_loss">(query, key.detach(), queue.detach(),
                                                   temperature_);
  }

  double chance_value(std::span<const Tensor> in) const {
    return std::log(1 + static_cast<double>(in[2].size(0)));
  }

 private:
  /// Equal letters of the declared shapes are equal sizes, and nothing is empty.
  static void check_rows(const Tensor& query, const Tensor& key, const Tensor& queue) {
    const bool same = query.dim() == 2 && key.dim() == 2 && queue.dim() == 2 &&
                      query.size(0) == key.size(0) && query.size(1) == key.size(1) &&
                      query.size(1) == queue.size(1);
    if (!same || query.size(0) == 0 || queue.size(0) == 0)
      throw kith::ShapeError(
          "info_nce: wanted query [N, C], key [N, C] and queue [K, C] with N and K of at least 1, "
          "got query " +
          shape(query) + ", key " + shape(key) + ", queue " + shape(queue));
  }
  static std::string shape(const Tensor& x) {
    std::string text;
    for (const auto size : x.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
    return "[" + text + "]";
  }

  double temperature_;
};

}  // namespace

KITH_PLUGIN(InfoNce);
