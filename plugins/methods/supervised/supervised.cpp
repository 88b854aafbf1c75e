// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/method.hpp>

namespace {

using kith::Tensor;
namespace nn = kith::nn;

/// The supervised baseline: a linear classifier on the features of one view, trained with the
/// encoder by softmax cross-entropy (mean over the batch).
class Supervised : public kith::Method {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.supervised",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "trains the encoder with labels: the line that the others are held against",
  };
  static constexpr auto options =
      kith::options(kith::real("label_smoothing", 0.0)
                        .range(0.0, 0.999)
                        .help("share of the target spread over all classes"));
  static constexpr kith::Needs needs{
      .min_views = 1, .max_views = 1, .min_batch = 2, .labels = true};

  Supervised(const kith::Setup& setup, const kith::Options& o)
      : setup_(setup),
        smoothing_(o.real("label_smoothing")),
        encoder_(setup.role("encoder")),
        classifier_(setup.head(
            "classifier", [in = encoder_.width(), out = setup.classes()](const kith::Scope& s) {
              return std::make_unique<nn::Linear>(s, in, out);
            })) {}

  Tensor step(const kith::Step& step) {
    const Tensor logits = classifier_(encoder_(step.view(0)));  // [N, classes]
    const Tensor labels = step.labels();
    setup_.metric(
        "accuracy",
        (kith::call<"aten::argmax">(logits, 1) == labels).to(kith::Dtype::kFloat32).mean());
    return kith::call<"aten::cross_entropy_loss">(kith::at_least_float32(logits), labels,
                                                  kith::arg("label_smoothing", smoothing_));
  }

  double chance_value() const { return std::log(setup_.classes()); }

 private:
  kith::Setup setup_;
  double smoothing_;
  kith::Network encoder_;
  kith::Network classifier_;
};

}  // namespace

KITH_PLUGIN(Supervised);
