// SPDX-License-Identifier: Apache-2.0
#include <kith/evaluation.hpp>

namespace {

using kith::Tensor;

/// Gives a query the class whose mean direction in the bank is most like it.
class MyEvaluation : public kith::Evaluation {
 public:
  static constexpr kith::Identity identity{
      .id = "org.example.my_evaluation",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "classification by the nearest class mean",
  };
  static constexpr auto options = kith::options(
      kith::boolean("unit_rows", true).help("features are divided by their norm first"));
  static constexpr bool needs_labels = true;

  explicit MyEvaluation(const kith::Options& o) : unit_rows_(o.boolean("unit_rows")) {}

  void evaluate(const kith::EvaluationData& data, const kith::Report& report) const {
    const kith::NoGrad no_grad;
    const Tensor bank = unit_rows_ ? kith::normalize(data.bank) : data.bank;  // [M, D]
    const Tensor classes = kith::arange_like(bank, data.classes);
    const Tensor member =
        (data.bank_labels.unsqueeze(0) == classes.unsqueeze(1)).to(bank.dtype());  // [classes, M]
    const Tensor means = kith::normalize(member.matmul(bank));                     // [classes, D]
    const Tensor likeness = kith::normalize(data.query).matmul(means.t());         // [N, classes]
    const Tensor hits = kith::call<"aten::argmax">(likeness, 1) == data.query_labels;
    const Tensor share = hits.to(kith::Dtype::kFloat64).mean();
    report.metric("top1", share.data<double>()[0], "fraction");
  }

 private:
  bool unit_rows_;
};

}  // namespace

KITH_PLUGIN(MyEvaluation);
