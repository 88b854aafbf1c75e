// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/augmentation.hpp>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "augment/augmentation.h"

/// Augmentations for tests, written as a plugin's are, but not loaded from a file.
namespace kith::testing {

/// A host that keeps error texts, one a thread.
const kith_host* small_host();

/// v + amount, on levels; does not round itself.
struct Add : PixelAugmentation {
  struct Params {
    double amount;
  };
  static constexpr auto fields = kith::fields(kith::field("amount", &Params::amount));
  explicit Add(const Options&) {}
  Params draw(const DrawSource& source) const { return {source.uniform("amount", 0, 20)}; }
  void apply(const Params& drawn, PixelRun run) const {
    for (float* plane : run.planes())
      for (std::size_t i = 0; i < run.size(); ++i) plane[i] += static_cast<float>(drawn.amount);
  }
};

/// Sets every value to the mean grey level; first pass: inverts.
struct InvertThenMean : PixelAugmentation {
  explicit InvertThenMean(const Options&) {}
  Passes passes(const Params&) const { return {.count = 2, .mean_grey = 2}; }
  void apply(PixelRun run) const {
    for (float* plane : run.planes())
      for (std::size_t i = 0; i < run.size(); ++i)
        plane[i] = run.pass() == 0 ? run.white() - plane[i] : static_cast<float>(run.mean_grey());
  }
};

/// Running maximum along each row, with a row of scratch space.
struct RowMaximum : FilterAugmentation {
  explicit RowMaximum(const Options&) {}
  std::size_t scratch_size(std::size_t, std::size_t width, std::uint32_t) const { return width; }
  void apply(ViewPixels view) const;
};

/// Upside down, through another memory.
struct UpsideDown : ImageAugmentation {
  explicit UpsideDown(const Options&) {}
  void apply(ViewPixels from, ViewPixels to) const;
};

/// Any step of geometry, given by the test.
struct AnyGeometry : GeometryAugmentation {
  explicit AnyGeometry(const Options&) {}
  void apply(Geometry& step) const { change(step); }
  static inline thread_local void (*change)(Geometry&) = [](Geometry&) {};
};

/// Takes the upper left quarter and makes it a view.
struct Quarter : GeometryAugmentation {
  explicit Quarter(const Options&) {}
  static constexpr AugmentationTraits traits{.resizes = true};
  void apply(Geometry& step) const {
    step.box_height /= 2, step.box_width /= 2;
    step.out_height = step.view_height, step.out_width = step.view_width;
  }
};

struct Mirror : GeometryAugmentation {
  explicit Mirror(const Options&) {}
  void apply(Geometry& step) const { step.flip_horizontal = 1; }
};

struct QuarterTurn : GeometryAugmentation {
  explicit QuarterTurn(const Options&) {}
  void apply(Geometry& step) const { step.angle = 90; }
};

/// Throws while it is applied.
struct Fails : PixelAugmentation {
  explicit Fails(const Options&) {}
  void apply(PixelRun) const { throw std::runtime_error("the sky fell"); }
};

/// Ends a list.
struct Halve : PixelAugmentation {
  explicit Halve(const Options&) {}
  static constexpr AugmentationTraits traits{
      .channels = "3", .deterministic = true, .rounds = true, .final = true};
  void apply(PixelRun run) const {
    for (float* plane : run.planes())
      for (std::size_t i = 0; i < run.size(); ++i) plane[i] /= 2 * run.white();
  }
};

template <class P>
std::shared_ptr<const host::Augmentation> make_small(const std::string& name) {
  small_host();
  host::PluginMetadata metadata;
  metadata.name = name;
  metadata.facts.push_back({"stage", P::kStageName, "", ""});
  std::apply(
      [&](const auto&... f) { (metadata.facts.push_back({"field", f.name, "f64", ""}), ...); },
      P::fields);
  metadata.facts.push_back({"channels", P::traits.channels, "", ""});
  if (P::traits.resizes) metadata.facts.push_back({"resizes", "", "", ""});
  if (P::traits.rounds) metadata.facts.push_back({"rounds", "", "", ""});
  if (P::traits.final) metadata.facts.push_back({"final", "", "", ""});
  return std::make_shared<host::Augmentation>(
      *small_host(), *static_cast<const kith_augmentation_api*>(P::template table<P>()), metadata,
      std::span<const kith_arg>());
}

}  // namespace kith::testing
