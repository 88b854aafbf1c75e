// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <functional>
#include <kith/classification.hpp>
#include <kith/evaluation.hpp>
#include <string>
#include <vector>

#include "fitter.h"
#include "lbfgs.h"
#include "rows.h"
#include "softmax_regression.h"

namespace {

using kith::Tensor;
using kith_linear::Covariance;
using kith_linear::Fitter;
using kith_linear::Rows;
using kith_linear::Standardiser;
using kith_linear::Vector;

/// Multinomial logistic regression on features as they are: L-BFGS, an L2 penalty on the weights.
///
/// The strength of the penalty is the one of a list that classifies most of the held-out rows
/// right; then all rows are fitted with it. Held out is val where the bank has it, else a fixed
/// part of the bank: the queries are never part of the choice. As CLIP's linear probe (arXiv
/// 2103.00020, App. A.3), which also chooses on val and then fits train with val.
class Linear : public kith::Evaluation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.linear",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "logistic regression on features, its penalty chosen on held-out rows",
  };
  static constexpr auto options = kith::options(
      kith::reals("l2", 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1)
          .range(1e-12, 1e6)
          .length(1, 32)
          .help("strengths of the penalty that are tried"),
      kith::boolean("standardise", true)
          .help("features get the bank's mean 0 and standard deviation 1"),
      kith::real("held_out_fraction", 0.2)
          .range(0.01, 0.5)
          .unit("fraction")
          .help("of each class, to choose the strength on where the bank has no val rows"),
      kith::labels_per_class(),
      kith::integer("draws", 5)
          .range(1, 100)
          .help("fixed draws of few labels, whose mean is reported"),
      kith::integer("max_iterations", 200)
          .range(1, 100000)
          .help("iterations of L-BFGS for each strength"),
      kith::real("tolerance", 1e-4)
          .range(1e-12, 1)
          .unit("nats")
          .help("a fit ends where no entry of the gradient is larger"),
      kith::boolean("report_weights", false)
          .help("keep weights and biases of the fit to all labels, as tables"));
  static constexpr bool needs_labels = true;
  static constexpr bool ignores_shift = true;  // the biases are not penalised

  explicit Linear(const kith::Options& o)
      : standardise_(o.boolean("standardise")),
        report_weights_(o.boolean("report_weights")),
        labels_per_class_(o.integers("labels_per_class")),
        draws_(o.integer("draws")),
        fit_{o.reals("l2"),
             o.real("held_out_fraction"),
             {o.integer("max_iterations"), o.real("tolerance"), 0}} {
    std::sort(fit_.strengths.begin(), fit_.strengths.end(), std::greater<>());
  }

  void evaluate(const kith::EvaluationData& data, const kith::Report& report) const {
    const kith::NoGrad no_grad;
    check(data);
    // Without the mean the minimum is the same, as biases are not penalised, and nearer.
    const Standardiser standardiser(data.bank, standardise_);
    const Rows bank{standardiser(data.bank), data.bank_labels};
    const Rows query{standardiser(data.query), data.query_labels};
    const Covariance covariance(bank.features);
    const Fitter fitter(fit_, data.classes, covariance);
    for (const auto n : labels_per_class_) {
      if (n > 0) {
        const auto name = "top1_" + std::to_string(n) + "_labels";
        report.metric(name, few_labels(fitter, bank, query, data.classes, n));
        continue;
      }
      const auto best = fitter.fit(bank, data.bank_val_rows);
      const Tensor scores = fitter.logits(best, query.features);
      report.metric("l2", best.l2, "1");
      report.metric("top1", kith::share_in_top(scores, query.labels, 1));
      if (data.classes > 5) report.metric("top5", kith::share_in_top(scores, query.labels, 5));
      if (report_weights_) report_weights(best.parameters, standardiser, data, report);
    }
  }

 private:
  static void check(const kith::EvaluationData& data) {
    if (!data.bank_labels.defined() || !data.query_labels.defined())
      throw kith::DataError("wanted labels of the bank and of the queries, got none of the " +
                            std::string(data.bank_labels.defined() ? "queries" : "bank"));
    if (data.bank.size(1) != data.query.size(1))
      throw kith::ShapeError("bank and query must have equal D, got bank " + shape(data.bank) +
                             ", query " + shape(data.query));
    kith_linear::require_finite(data.bank, "bank");
    kith_linear::require_finite(data.query, "query");
    kith::rows_of_classes(data.bank_labels, data.classes, "bank");
    kith::rows_of_classes(data.query_labels, data.classes, "query");
  }
  static std::string shape(const Tensor& t) {
    return "[" + std::to_string(t.size(0)) + ", " + std::to_string(t.size(1)) + "]";
  }

  /// The mean over draws of n labels a class. A strength is chosen on labels of the draw alone.
  double few_labels(const Fitter& fitter, const Rows& bank, const Rows& query, std::int64_t classes,
                    std::int64_t n) const {
    double sum = 0;
    for (std::int64_t draw = 0; draw < draws_; ++draw) {
      const auto fit = fitter.fit(bank.at(kith::few_labels(bank.labels, classes, n, draw)), 0);
      sum += kith::share_in_top(fitter.logits(fit, query.features), query.labels, 1);
    }
    return sum / static_cast<double>(draws_);
  }

  /// Of features as the encoder gives them: logits = features W^T + b.
  void report_weights(const Vector& parameters, const Standardiser& standardiser,
                      const kith::EvaluationData& data, const kith::Report& report) const {
    const auto classes = data.classes, width = data.bank.size(1);
    const std::int64_t count = classes * (width + 1);
    const Tensor all =
        kith::from_data(parameters.data(), kith::Dtype::kFloat64, kith::Ints(&count, 1));
    Tensor weights = all.narrow(0, 0, classes * width).view({classes, width});
    Tensor biases = all.narrow(0, classes * width, classes);
    weights = weights / standardiser.deviation();
    biases = biases - (weights * standardiser.mean()).sum(1);
    report.table("weights", weights);
    report.table("biases", biases);
  }

  bool standardise_, report_weights_;
  std::vector<std::int64_t> labels_per_class_;
  std::int64_t draws_;
  kith_linear::FitSettings fit_;
};

}  // namespace

KITH_PLUGIN(Linear);
