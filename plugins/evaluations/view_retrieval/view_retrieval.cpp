// SPDX-License-Identifier: Apache-2.0
#include <kith/evaluation.hpp>

namespace {

using kith::Tensor;

/// How often the second view of an image finds the first view of it among those of all images.
///
/// Cosine similarity on features of images that were not trained on; no labels. Recall at k: the
/// share of second views with their own first view among the k that are most like them. An equal
/// similarity counts against it, so features that are all alike, or not numbers, find nothing.
class ViewRetrieval : public kith::Evaluation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.view_retrieval",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "recall of one view of an image by another, without labels",
  };
  static constexpr auto options =
      kith::options(kith::integers("k", 1).range(1, 100000).length(1, 8).help(
          "nearest views that are looked at"));
  static constexpr bool needs_labels = false;
  static constexpr kith::ViewsWanted views{.count = 2, .images = 2000};

  explicit ViewRetrieval(const kith::Options& o) : k_(o.integers("k")) {}

  void evaluate(const kith::EvaluationData& data, const kith::Report& report) const {
    const kith::NoGrad no_grad;
    const Tensor first = kith::normalize(data.views[0]);   // [n, D]
    const Tensor second = kith::normalize(data.views[1]);  // [n, D]
    const Tensor likeness = second.matmul(first.t());      // [n, n]
    const Tensor own = kith::call<"aten::diagonal">(likeness);
    // All but itself and those that are less like it: what is not a number counts against it, too.
    const Tensor less = (likeness < own.unsqueeze(1)).to(kith::Dtype::kInt64).sum(1);
    const Tensor nearer = first.size(0) - 1 - less;
    for (const auto k : k_) {
      const Tensor found = (nearer < static_cast<double>(k)).to(kith::Dtype::kFloat64);
      report.metric("recall_at_" + std::to_string(k), *found.mean().contiguous().data<double>());
    }
  }

 private:
  std::vector<std::int64_t> k_;
};

}  // namespace

KITH_PLUGIN(ViewRetrieval);
