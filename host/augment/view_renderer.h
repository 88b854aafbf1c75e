// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "augment/drawn_view.h"
#include "augment/image_view.h"
#include "augment/view_pipeline.h"

namespace kith::host {

/// Means over a whole view: of its grey version, and of each channel (arithmetic tensorflow alone,
/// else 0).
struct ViewMeans {
  double grey = 0;
  std::array<double, KITH_MAX_CHANNELS> channel{};
};

/// Makes one view whose geometry has been composed in the scratch.
class ViewRenderer {
 public:
  ViewRenderer(const ViewPipeline& pipeline, ViewScratch& scratch, float* out);

  void render(const ImageView& image, const DrawnView& drawn);

 private:
  /// Pixels of a tile: three channels of it fit into the first-level cache.
  static constexpr std::size_t kTile = 2048;

  bool is_pillow8() const { return spec_.arithmetic == Arithmetic::kPillow8; }
  bool is_tensorflow() const { return spec_.arithmetic == Arithmetic::kTensorflow; }
  void sample(const ImageView& image, const GeometryPlan& plan);
  void sample_turned(const ImageView& image, const GeometryPlan& plan);
  void list_steps(const DrawnView& drawn);
  void run_steps();

  /// What a walk over the tiles does beside running steps.
  struct Walk {
    std::size_t begin, end;  ///< steps
    bool load;               ///< takes the pixels from the sampled levels
    bool means;              ///< the means are wanted after these steps
    bool finish;             ///< writes the output
  };
  ViewMeans walk_tiles(const Walk& walk);
  void run_pixel(const ViewStep& step, std::size_t first, std::size_t size);
  void add_to_sums(std::size_t first, std::size_t size, ViewMeans& sums) const;
  double sum_grey(std::size_t first, std::size_t size) const;
  void clip(std::size_t first, std::size_t size);
  void finish(std::size_t first, std::size_t size);

  void run_whole(const ViewStep& step);
  void run_guarded_filter(const ViewStep& step, kith_view_pixels view, std::size_t wanted);
  void round_planes(std::size_t first, std::size_t size);
  kith_view_pixels whole_view(float* const* planes) const;

  const ViewPipeline& pipeline_;
  const ViewSpec& spec_;
  ViewScratch& scratch_;
  float* out_;
  std::array<float*, KITH_MAX_CHANNELS> planes_{};
  std::size_t channels_;
  bool is_final_ = false;
  ViewMeans means_;
};

}  // namespace kith::host
