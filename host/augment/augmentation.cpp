// SPDX-License-Identifier: Apache-2.0
#include "augment/augmentation.h"

#include <array>
#include <kith/error.hpp>
#include <sstream>
#include <utility>

namespace kith::host {
namespace {

constexpr std::array kStageNames = {"geometry", "pixel", "filter", "image"};

std::uint32_t to_number(AugmentationStage stage) { return static_cast<std::uint32_t>(stage); }

}  // namespace

const char* to_text(AugmentationStage stage) { return kStageNames[to_number(stage)]; }

Augmentation::Augmentation(const kith_host& host, const kith_augmentation_api& api,
                           const PluginMetadata& metadata, std::span<const kith_arg> options)
    : host_(&host), api_(&api), name_(metadata.name) {
  read_facts(metadata.facts);
  if (!KITH_HAS(api_, image))
    throw PluginError("augmentation '" + name_ + "': its table has " +
                      std::to_string(api_->struct_size) +
                      " bytes, too few for kith.augmentation/1");
  if (api_->stage != to_number(stage_) || api_->n_fields != fields_.size())
    throw PluginError("augmentation '" + name_ +
                      "': its note and its table differ in stage or fields");
  require_stage_functions();
  void* self = nullptr;
  if (api_->create(nullptr, options.data(), static_cast<std::uint32_t>(options.size()), &self) !=
      KITH_OK)
    fail("create");
  self_ = std::shared_ptr<void>(self, api_->destroy);
}

void Augmentation::read_facts(const std::vector<Fact>& facts) {
  bool has_stage = false;
  for (const Fact& fact : facts) {
    if (fact.group == "stage") {
      for (std::size_t i = 0; i < kStageNames.size(); ++i) {
        if (fact.name != kStageNames[i]) continue;
        stage_ = static_cast<AugmentationStage>(i);
        has_stage = true;
      }
      if (!has_stage)
        throw PluginError("augmentation '" + name_ + "': this host has no stage '" + fact.name +
                          "'; it has geometry, pixel, filter, image");
    }
    if (fact.group == "field") fields_.push_back(fact.name);
    if (fact.group == "channels") channels_ = fact.name;
    deterministic_ |= fact.group == "deterministic";
    resizes_ |= fact.group == "resizes";
    rounds_ |= fact.group == "rounds";
    final_ |= fact.group == "final";
  }
  if (!has_stage) throw PluginError("augmentation '" + name_ + "': its note declares no stage");
}

void Augmentation::require_stage_functions() const {
  const bool there[] = {api_->geometry != nullptr, api_->pixel != nullptr, api_->filter != nullptr,
                        api_->image != nullptr};
  if (api_->create == nullptr || api_->destroy == nullptr || api_->draw == nullptr ||
      !there[to_number(stage_)])
    throw PluginError("augmentation '" + name_ + "': its table lacks a function that the stage '" +
                      to_text(stage_) + "' needs");
}

void Augmentation::fail(const char* call) const {
  std::int32_t kind = KITH_ERROR_GENERAL;
  const kith_text text = host_->error(&kind);
  std::string what(text.data, text.size);
  if (kind == KITH_ERROR_CONFIG) throw ConfigError(what);
  if (!what.starts_with(name_ + ":")) what = name_ + ": " + what;
  throw PluginError("augmentation '" + name_ + "' failed in " + call + ": " + what);
}

bool Augmentation::takes_channels(int channels) const {
  std::istringstream numbers(channels_);
  for (int number = 0; numbers >> number;)
    if (number == channels) return true;
  return false;
}

void Augmentation::check(const kith_augmentation_place& place) const {
  if (api_->check != nullptr && api_->check(self_.get(), &place) != KITH_OK) fail("check");
}

void Augmentation::draw(const kith_draw_source& source, double* values) const {
  if (api_->draw(self_.get(), &source, values) != KITH_OK) fail("draw");
}

void Augmentation::geometry(const double* values, kith_geometry& step) const {
  if (api_->geometry(self_.get(), values, &step) != KITH_OK) fail("apply");
}

std::uint32_t Augmentation::passes(const double* values, std::uint32_t& mean_grey) const {
  std::uint32_t count = 1;
  mean_grey = 0;
  if (api_->passes == nullptr) return count;
  if (api_->passes(self_.get(), values, &count, &mean_grey) != KITH_OK) fail("passes");
  if (count > 32)
    throw PluginError("augmentation '" + name_ + "': wants " + std::to_string(count) +
                      " passes over a view, the most is 32");
  return count;
}

std::size_t Augmentation::scratch_size(int height, int width, int channels) const {
  if (api_->scratch_size == nullptr) return 0;
  return api_->scratch_size(self_.get(), height, width, static_cast<std::uint32_t>(channels));
}

void Augmentation::filter(const double* values, const kith_view_pixels& view) const {
  if (api_->filter(self_.get(), values, &view) != KITH_OK) fail("apply");
}

void Augmentation::image(const double* values, const kith_view_pixels& from,
                         const kith_view_pixels& to) const {
  if (api_->image(self_.get(), values, &from, &to) != KITH_OK) fail("apply");
}

}  // namespace kith::host
