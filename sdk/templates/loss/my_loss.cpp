// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <kith/loss.hpp>

namespace {

using kith::Tensor;

/// Each image's first view must find its second view among those of all images of the batch:
/// cross-entropy over cosine similarities.
class MyLoss : public kith::Loss {
 public:
  static constexpr kith::Identity identity{
      .id = "org.example.my_loss",
      .version = "0.1.0",
      .licence = "Apache-2.0",
      .summary = "finds an image's second view among those of the batch",
  };
  static constexpr auto options = kith::options(
      kith::real("temperature", 0.1).range(1e-4, 1e4).help("divides the cosine similarities"));
  // Rows: view 1 of each image, then view 2 in the same order.
  static constexpr kith::LossInput inputs[] = {{"embedding", "2N C", "gradient"}};
  static constexpr const char* reduction = "mean over the N images";

  explicit MyLoss(const kith::Options& o) : temperature_(o.real("temperature")) {}

  Tensor forward(std::span<const Tensor> in) const {
    if (in[0].size(0) < 2 || in[0].size(0) % 2 != 0)
      throw kith::ShapeError(
          "my_loss: embedding must have an even number of rows, view 1 then view 2, got " +
          std::to_string(in[0].size(0)));
    const auto view = kith::chunk(kith::normalize(in[0]), 2);              // two [N, C]
    const Tensor similarity = view[0].matmul(view[1].t()) / temperature_;  // [N, N]
    const Tensor own = kith::arange_like(similarity, similarity.size(0));  // [N]
    return kith::cross_entropy(similarity, own);  // row i must choose column i
  }

  /// What it is while all embeddings look alike: a run whose loss stays there says so.
  double chance_value(std::span<const Tensor> in) const {
    return std::log(static_cast<double>(in[0].size(0) / 2));
  }

 private:
  double temperature_;
};

}  // namespace

KITH_PLUGIN(MyLoss);
