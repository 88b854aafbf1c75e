// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/augmentation.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugin/metadata.h"

namespace kith::host {

enum class AugmentationStage { kGeometry, kPixel, kFilter, kImage };

/// An augmentation with its options: an object of a loaded plugin, and what the plugin's note
/// declares about it. Its functions throw PluginError with the plugin's text if the plugin's
/// function fails. Serves all threads.
class Augmentation {
 public:
  /// @param host     whose error texts the plugin sets
  /// @param options  one for each that the plugin declares
  /// @throws ConfigError  what the plugin says about its options
  /// @throws PluginError  if table and note do not belong together, or creation fails
  Augmentation(const kith_host& host, const kith_augmentation_api& api,
               const PluginMetadata& metadata, std::span<const kith_arg> options);

  const std::string& name() const { return name_; }
  AugmentationStage stage() const { return stage_; }
  /// Names of the numbers that it draws, in order.
  const std::vector<std::string>& fields() const { return fields_; }
  bool takes_channels(int channels) const;
  const std::string& channels_text() const { return channels_; }
  /// See kith::AugmentationTraits.
  bool deterministic() const { return deterministic_; }
  bool resizes() const { return resizes_; }
  bool rounds() const { return rounds_; }
  bool final() const { return final_; }

  /// @throws ConfigError  what the plugin says about the place
  void check(const kith_augmentation_place& place) const;
  void draw(const kith_draw_source& source, double* values) const;
  void geometry(const double* values, kith_geometry& step) const;
  /// Passes over the view, and before which of them (bit p) the mean grey level is wanted.
  std::uint32_t passes(const double* values, std::uint32_t& mean_grey) const;
  void pixel(const double* values, const kith_pixel_run& run) const {
    if (api_->pixel(self_.get(), values, &run) != KITH_OK) fail("apply");
  }
  std::size_t scratch_size(int height, int width, int channels) const;
  void filter(const double* values, const kith_view_pixels& view) const;
  void image(const double* values, const kith_view_pixels& from, const kith_view_pixels& to) const;

 private:
  void read_facts(const std::vector<Fact>& facts);
  void require_stage_functions() const;
  [[noreturn]] void fail(const char* call) const;

  const kith_host* host_;
  const kith_augmentation_api* api_;
  std::string name_;
  AugmentationStage stage_ = AugmentationStage::kPixel;
  std::vector<std::string> fields_;
  std::string channels_ = "1 3";
  bool deterministic_ = false, resizes_ = false, rounds_ = false, final_ = false;
  std::shared_ptr<void> self_;
};

/// "geometry", "pixel", "filter", "image".
const char* to_text(AugmentationStage stage);

/// An augmentation in a list, and how often it happens.
struct AugmentationUse {
  std::shared_ptr<const Augmentation> augmentation;
  double probability = 1;  ///< in [0, 1]
  std::string where{};     ///< where it was written ("experiment.toml:14:15"), for messages
};

}  // namespace kith::host
