// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <kith/random.hpp>
#include <string_view>
#include <vector>

#include "augment/augmentation.h"
#include "augment/drawn_view.h"
#include "augment/image_view.h"
#include "augment/view_scratch.h"
#include "augment/view_spec.h"
#include "data/image_part.h"

namespace kith::host {

/// Makes views of images by a list of augmentations.
///
/// The geometry at the head of the list is composed and the image sampled once; then consecutive
/// pixel augmentations run tile by tile, and the finished tile is written to the output. Values are
/// v / 255 in [0, 1], unless the last augmentation is `final` (normalise).
///
/// A view is a pure function of image, list and key: the same bytes on any thread. All functions
/// are const and may run on any number of threads, each with its own scratch.
class ViewPipeline {
 public:
  /// @throws ConfigError  all that is wrong with the list, one problem a line: channels that an
  ///                      augmentation is not defined for, an order that cannot be run, options
  ///                      that do not fit the view
  ViewPipeline(std::vector<AugmentationUse> list, const ViewSpec& spec);

  const ViewSpec& spec() const { return spec_; }
  const std::vector<AugmentationUse>& list() const { return list_; }

  /// Draws for a view of an image of this size. Of the key, seed, epoch, step, sample and view
  /// count; purpose and operation are set here.
  DrawnView draw(int height, int width, const DrawKey& key) const;

  /// The box of an image of this size from which `run` makes the view with this key; it reads no
  /// other pixel.
  ImagePart part(int height, int width, const DrawKey& key, ViewScratch& scratch) const;

  /// Draws and makes a view.
  /// @param out  spec().floats() numbers, written once, in the layout of spec().
  /// @throws ShapeError   if the image's channels are not the view's
  /// @throws PluginError  if an augmentation fails
  void run(const ImageView& image, const DrawKey& key, float* out, ViewScratch& scratch) const;

  /// Makes the view that was drawn, without drawing.
  /// @throws ShapeError  also if `drawn` does not fit the list
  void replay(const ImageView& image, const DrawnView& drawn, float* out,
              ViewScratch& scratch) const;

  /// As `replay`, in 8-bit levels [height, width, channels]. For pillow8 without a final
  /// augmentation.
  void replay_levels(const ImageView& image, const DrawnView& drawn, std::uint8_t* out,
                     ViewScratch& scratch) const;

  /// Position of a field in the drawn values of an augmentation of the list.
  /// @throws ConfigError  if it draws no such field
  std::size_t field(std::size_t augmentation, std::string_view name) const;

 private:
  friend class ViewRenderer;

  std::vector<std::string> problems() const;
  void require_fitting(const ImageView& image) const;
  void draw_one(std::size_t i, int height, int width, const DrawKey& key,
                DrawnAugmentation& drawn) const;
  template <class Decide>
  void compose(int height, int width, Decide&& decide, ViewScratch& scratch) const;
  void draw_and_compose(int height, int width, const DrawKey& key, ViewScratch& scratch) const;
  void fit(GeometryComposer& composer) const;

  std::vector<AugmentationUse> list_;
  ViewSpec spec_;
  std::size_t head_ = 0;  ///< augmentations of geometry that come before any other
};

}  // namespace kith::host
