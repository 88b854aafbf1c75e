// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// NT-Xent: each of 2N rows must find the other view of its image among the other 2N - 1 rows.
///
/// SimCLR, arXiv 2002.05709, Sec. 2.1, Eq. 1, as the mean over the 2N rows; scale "code" gives the
/// value of the released code, twice that. With ranks, a row is compared with the rows of all
/// ranks, and the gradient flows through the gather.
class NtXent : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.kith.nt_xent",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "normalised temperature-scaled cross-entropy over a batch of pairs (SimCLR)",
  };
  static constexpr auto options = kith::options(
      kith::real("temperature", 0.1).range(1e-4, 1e4).help("divides the cosine similarities"),
      kith::choice("scale", "paper", "code")
          .help("paper: mean over 2N rows; code: twice that, as released"));
  static constexpr kith::LossInput inputs[] = {
      {"embedding", "2N C", "gradient"}};  // view 1's rows, then view 2's
  static constexpr const char* reduction =
      "mean over the 2N rows of this rank; averaged over ranks";

  NtXent(const kith::Options& o, kith::Ranks ranks)
      : temperature_(o.real("temperature")), doubled_(o.text("scale") == "code"), ranks_(ranks) {}

  Tensor forward(std::span<const Tensor> in) const {
    const auto rows = in[0].size(0);
    if (rows < 2 || rows % 2 != 0)
      throw kith::ShapeError(
          "nt_xent: embedding must have an even number of rows, view 1 then view 2, got [" +
          std::to_string(rows) + ", ...]");
    const Tensor z = kith::normalize(in[0]);                   // [2N, C], unit rows
    const Tensor candidates = ranks_.gather_with_gradient(z);  // [R 2N, C]
    const auto first = ranks_.rank() * rows;
    const Tensor own = kith::arange_like(z, first, first + rows);  // [2N], places in candidates
    const Tensor positive = kith::call<"aten::roll">(own, rows / 2, 0);  // [2N], the other view's
    const Tensor loss = kith::call<"kith::masked_softmax_loss">(z, candidates, positive,
                                                                /*excluded=*/own, temperature_);
    return doubled_ ? 2 * loss : loss;
  }

  double chance_value(std::span<const Tensor> in) const {
    return (doubled_ ? 2 : 1) * std::log(static_cast<double>(ranks_.count() * in[0].size(0) - 1));
  }

 private:
  double temperature_;
  bool doubled_;
  kith::Ranks ranks_;
};

}  // namespace

KITH_PLUGIN(NtXent);
