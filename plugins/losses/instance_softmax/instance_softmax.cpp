// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// The in-batch instance loss: each row must be told to be its partner's image, and every other row
/// not to be it.
///
/// InvaSpread, arXiv 1904.03436, Sec. 3.2, Eq. 6-8, as released: a row is left out of its own sum.
/// Whether the second factor of the inner products carries a gradient is the method's choice: it
/// passes the same rows, detached or not.
class InstanceSoftmax : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.instance_softmax",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "in-batch softmax over instances, pulled and spread (InvaSpread)",
  };
  static constexpr auto options = kith::options(
      kith::real("temperature", 0.1).range(1e-4, 1e4).help("divides the cosine similarities"),
      kith::real("negative_weight", 1.0)
          .range(1, 1e4)
          .help("weight of the negatives in the sum and in the loss"));
  static constexpr kith::LossInput inputs[] = {
      {"embedding", "2N C", "gradient"},   // view 1's rows, then view 2's
      {"reference", "2N C", "gradient"}};  // the same rows: what each is compared with
  static constexpr const char* reduction =
      "mean over the 2N rows of this rank, which it compares with its own rows alone; averaged "
      "over ranks";

  explicit InstanceSoftmax(const kith::Options& o)
      : temperature_(o.real("temperature")), weight_(o.real("negative_weight")) {}

  Tensor forward(std::span<const Tensor> in) const {
    const auto rows = in[0].size(0);
    if (rows < 4 || rows % 2 != 0)
      throw kith::ShapeError(
          "instance_softmax: embedding must have an even number of rows, at least 4, view 1 then "
          "view 2, got [" +
          std::to_string(rows) + ", ...]");
    const Tensor x = kith::normalize(in[0]);
    const Tensor similarity = x.matmul(kith::normalize(in[1]).t()) / temperature_;  // [2N, 2N]
    const Tensor self = kith::eye_mask_like(x, rows);
    // All in logarithms, each row's largest taken off: exp(1 / temperature) may not fit.
    const Tensor others = similarity.masked_fill(self, -kFar);
    const Tensor partner = kith::call<"aten::roll">(kith::arange_like(x, rows), rows / 2, 0);
    const Tensor positive = others.gather(1, partner.unsqueeze(1));  // [2N, 1]
    const Tensor log_z = weight_ == 1 ? others.logsumexp(1, true) : weighted_sum(others, positive);
    const Tensor pull = (positive - log_z).sum();
    const Tensor pair = kith::arange_like(x, rows).unsqueeze(0) == partner.unsqueeze(1);
    const Tensor p = (others.masked_fill(pair, -kFar) - log_z).exp();  // the negatives' shares
    const Tensor spread = kith::call<"aten::log1p">(-p.clamp_max(kNearlyAll)).sum();
    return -(pull + weight_ * spread) / static_cast<double>(rows);
  }

  /// Equal similarities: each of the other 2N - 1 rows has the same share.
  double chance_value(std::span<const Tensor> in) const {
    const auto others = static_cast<double>(in[0].size(0) - 1);
    const double z = (others - 1) * weight_ + 1;
    return std::log(z) - weight_ * (others - 1) * std::log1p(-1 / z);
  }

 private:
  static constexpr double kFar = 1e9;
  /// Where a negative has all of a row's share, the released code's logarithm is infinite.
  static constexpr double kNearlyAll = 1 - 0x1p-23;

  /// ln( weight * (sum of others - positive) + positive )
  Tensor weighted_sum(const Tensor& others, const Tensor& positive) const {
    const Tensor largest = kith::call<"aten::amax">(others.detach(), kDimension, true);
    const Tensor one = (positive - largest).exp();
    const Tensor all = (others - largest).exp().sum(1, true);
    return largest + ((all - one) * weight_ + one).log();
  }

  static constexpr std::array<std::int64_t, 1> kDimension{1};
  double temperature_, weight_;
};

}  // namespace

KITH_PLUGIN(InstanceSoftmax);
