// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/classification.hpp>
#include <kith/evaluation.hpp>

namespace {

using kith::Tensor;

/// Weighted k nearest neighbours: each of the k bank rows that are most like a query votes for its
/// class.
///
/// Cosine votes are exp(similarity / temperature) on unit rows, as in InstDisc (arXiv 1805.01978,
/// Sec. 3.4) and DINO; Euclidean votes are 1 / (distance + 1e-5) on the rows as they are, as in
/// solo-learn. With few labels, n rows a class are drawn from the bank and the mean over fixed
/// draws is reported.
class Knn : public kith::Evaluation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.knn",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "weighted k-nearest-neighbour classification of features",
  };
  static constexpr auto options =
      kith::options(kith::integer("k", 20).range(1, 100000).help("neighbours that vote"),
                    kith::real("temperature", 0.07)
                        .range(1e-4, 1e4)
                        .help("divides the similarity in a cosine vote"),
                    kith::choice("distance", "cosine", "euclidean").help("what makes rows alike"),
                    kith::labels_per_class(),
                    kith::integer("few_labels_k", 5)
                        .range(1, 100000)
                        .help("neighbours that vote where labels are few"),
                    kith::integer("draws", 10)
                        .range(1, 1000)
                        .help("fixed draws of few labels, whose mean is reported"),
                    kith::boolean("report_votes", false)
                        .help("keep the votes of every query with all labels, as a table"));
  static constexpr bool needs_labels = true;

  explicit Knn(const kith::Options& o)
      : k_(o.integer("k")),
        few_k_(o.integer("few_labels_k")),
        draws_(o.integer("draws")),
        temperature_(o.real("temperature")),
        euclidean_(o.text("distance") == "euclidean"),
        report_votes_(o.boolean("report_votes")),
        labels_per_class_(o.integers("labels_per_class")) {}

  void evaluate(const kith::EvaluationData& data, const kith::Report& report) const {
    const kith::NoGrad no_grad;
    const Tensor bank = prepared(data.bank), query = prepared(data.query);
    for (const auto n : labels_per_class_) {
      if (n == 0) {
        const Tensor votes = vote(query, bank, data.bank_labels, data.classes, k_);
        report.metric("top1", kith::share_in_top(votes, data.query_labels, 1));
        if (data.classes > 5)
          report.metric("top5", kith::share_in_top(votes, data.query_labels, 5));
        if (report_votes_) report.table("votes", votes);
        continue;
      }
      double sum = 0;
      for (std::int64_t draw = 0; draw < draws_; ++draw) {
        const Tensor rows =
            kith::as_rows(kith::few_labels(data.bank_labels, data.classes, n, draw));
        const Tensor votes = vote(query, bank.index_select(0, rows),
                                  data.bank_labels.index_select(0, rows), data.classes, few_k_);
        sum += kith::share_in_top(votes, data.query_labels, 1);
      }
      report.metric("top1_" + std::to_string(n) + "_labels", sum / static_cast<double>(draws_));
    }
  }

 private:
  static constexpr std::int64_t kTile =
      512;  // queries at a time: the distances of a tile stay below 200 MB

  Tensor prepared(const Tensor& rows) const { return euclidean_ ? rows : kith::normalize(rows); }

  /// Votes by class, [N, classes].
  Tensor vote(const Tensor& query, const Tensor& bank, const Tensor& labels, std::int64_t classes,
              std::int64_t k) const {
    k = std::min(k, bank.size(0));
    const auto best = euclidean_ ? nearest_by_distance(query, bank, k)
                                 : kith::call_many<"kith::nearest_rows">(query, bank, k);
    const Tensor weight = euclidean_ ? 1.0 / (1e-5 - best[0]) : (best[0] / temperature_).exp();
    const Tensor voted = labels.index_select(0, best[1].flatten()).reshape({query.size(0), k});
    return kith::call<"aten::scatter_add">(kith::new_zeros(weight, {query.size(0), classes}), 1,
                                           voted, weight);
  }

  /// Negative distances and positions of the nearest, [N, k] each.
  static std::vector<Tensor> nearest_by_distance(const Tensor& query, const Tensor& bank,
                                                 std::int64_t k) {
    std::vector<Tensor> distances, places;
    for (std::int64_t at = 0; at < query.size(0); at += kTile) {
      const Tensor rows = query.narrow(0, at, std::min(kTile, query.size(0) - at));
      const auto best = kith::call_many<"aten::topk">(-kith::call<"aten::cdist">(rows, bank), k);
      distances.push_back(best[0]);
      places.push_back(best[1]);
    }
    return {kith::cat(distances), kith::cat(places)};
  }

  std::int64_t k_, few_k_, draws_;
  double temperature_;
  bool euclidean_, report_votes_;
  std::vector<std::int64_t> labels_per_class_;
};

}  // namespace

KITH_PLUGIN(Knn);
