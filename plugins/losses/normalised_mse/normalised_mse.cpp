// SPDX-License-Identifier: Apache-2.0
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// The squared distance between each prediction and its target, both of unit length: 2 - 2 cos.
///
/// BYOL, arXiv 2006.07733, Sec. 3.1, Eq. 2. Whether a gradient flows to the target is the method's
/// choice: it passes a detached one.
class NormalisedMse : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.normalised_mse",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "squared distance between unit predictions and unit targets (BYOL)",
  };
  static constexpr auto options = kith::options();
  static constexpr kith::LossInput inputs[] = {{"prediction", "N C", "gradient"},
                                               {"target", "N C", "gradient"}};
  static constexpr const char* reduction = "mean over the N rows of this rank; averaged over ranks";

  explicit NormalisedMse(const kith::Options&) {}

  Tensor forward(std::span<const Tensor> in) const {
    return 2 - 2 * (kith::normalize(in[0]) * kith::normalize(in[1])).sum(1).mean();
  }
};

}  // namespace

KITH_PLUGIN(NormalisedMse);
