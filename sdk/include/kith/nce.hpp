// SPDX-License-Identifier: Apache-2.0
//
// Noise-contrastive estimation over a memory bank.
#pragma once

#include <cmath>
#include <cstdint>
#include <kith/method.hpp>

namespace kith {

/// Tells the positive of each row from noise drawn uniformly from n rows of a bank.
///
/// The model's probability of row j is P_j = exp(similarity_j / temperature) / Z, with Z set once
/// by the first batch: n times the mean of exp(similarity / temperature). With K drawn negatives,
///   loss = mean over rows of -( ln(P_0 / (P_0 + K/n + eps)) + sum over j >= 1 of
///          ln(K/n / (P_j + K/n + eps)) ),   eps = 1e-7.
/// InstDisc, arXiv 1805.01978, Sec. 3.2, Eq. 5-8; Z and eps as in its released code. Z is state
/// (run.h5: /state/scalar), so a resumed run keeps it. [train thread]
class Nce {
 public:
  static constexpr double kLeastTemperature = 0.02;

  /// @param name  of the constant Z; a method with several banks has one for each direction
  /// @param n     rows of the bank
  /// @param temperature  at least kLeastTemperature: Z must fit its dtype
  Nce(const Setup& setup, std::string_view name, std::int64_t n, double temperature)
      : setup_(setup),
        n_(n),
        temperature_(temperature),
        z_(setup.scope().buffer(name, {}, init::constant(-1), {}, "scalar")) {}

  /// @param similarity [N, 1 + K], dot products of unit rows, the positive in column 0
  Tensor operator()(const Tensor& similarity) {
    const Tensor log_score = similarity.to(z_.dtype()) / temperature_;
    set_constant(log_score);
    const auto negatives = similarity.size(1) - 1;
    const double noise = static_cast<double>(negatives) / static_cast<double>(n_);
    // In logarithms, since a probability may be too small for its dtype.
    const Tensor log_p = log_score - z_.log();
    const Tensor log_sum =
        kith::call<"aten::logaddexp">(log_p, zeros_like(log_p) + std::log(noise + kEps));
    const Tensor positive = log_p.narrow(1, 0, 1).sum() - log_sum.sum();
    const auto rows = static_cast<double>(similarity.size(0));
    return -positive / rows - static_cast<double>(negatives) * std::log(noise);
  }

  /// The loss where all K + 1 rows of the bank are as near as those of the first batch were: every
  /// P is 1/n. Rows that have become equal since are nearer than Z expects, and at another loss.
  /// @param negatives  K, at least 1
  static double chance_value(std::int64_t negatives) {
    const auto k = static_cast<double>(negatives);
    return std::log1p(k) + k * std::log1p(1 / k);
  }

 private:
  static constexpr double kEps = 1e-7;

  void set_constant(const Tensor& log_score) {
    const NoGrad no_recording;
    const auto ranks = setup_.ranks();
    const Tensor mean =
        ranks.all_reduce_sum(log_score.exp().mean()) / static_cast<double>(ranks.count());
    z_.copy_(where(z_ < 0, mean * static_cast<double>(n_), z_));
  }

  Setup setup_;
  std::int64_t n_;
  double temperature_;
  Tensor z_;
};

}  // namespace kith
