// SPDX-License-Identifier: Apache-2.0
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// Minus the cosine between each prediction and its target.
///
/// SimSiam, arXiv 2011.10566, Sec. 3, Eq. 1. Whether a gradient flows to the target is the method's
/// choice: it passes a detached one.
class NegativeCosine : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.negative_cosine",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "minus the cosine between predictions and targets (SimSiam)",
  };
  static constexpr auto options = kith::options();
  static constexpr kith::LossInput inputs[] = {{"prediction", "N C", "gradient"},
                                               {"target", "N C", "gradient"}};
  static constexpr const char* reduction = "mean over the N rows of this rank; averaged over ranks";

  explicit NegativeCosine(const kith::Options&) {}

  Tensor forward(std::span<const Tensor> in) const {
    return -(kith::normalize(in[0]) * kith::normalize(in[1])).sum(1).mean();
  }
};

}  // namespace

KITH_PLUGIN(NegativeCosine);
