// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "eval/features.h"

namespace kith::host {

/// Views of val images for an evaluation that wants them. Which images, and what is drawn for them,
/// depend on their names and places alone: equal over epochs, seeds and methods. [train thread]
class HeldOutViews {
 public:
  /// @param part  of the assembly, one with views.
  HeldOutViews(const Assembly& assembly, const EvaluationPart& part, int threads);

  /// Features of each view, float32 [n, D] on the CPU; row i of all is of one image.
  std::vector<at::Tensor> features(FeatureReader& reader) const;
  /// The views' pixels, averaged to at most `max_side` px a side, float32 [n, D].
  std::vector<at::Tensor> pixels(std::int64_t max_side) const;

 private:
  using Turn = std::function<at::Tensor(const at::Tensor& views)>;
  std::vector<at::Tensor> each_view(const ViewPipeline& pipeline, const Turn& turn) const;

  const Assembly& assembly_;
  const EvaluationPart& part_;
  int threads_;
  std::vector<std::int64_t> images_;  // positions in val
};

}  // namespace kith::host
