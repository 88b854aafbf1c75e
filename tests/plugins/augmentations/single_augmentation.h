// SPDX-License-Identifier: Apache-2.0
//
// One shipped augmentation as the only one of a view, on a picture of noise.
#pragma once

#include <cstdint>
#include <functional>
#include <kith/error.hpp>
#include <string>
#include <vector>

#include "shipped_augmentation.h"

namespace kith::testing {

inline std::string message_of(const std::function<void()>& code) {
  try {
    code();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

inline std::vector<std::uint8_t> noise(int height, int width, int channels) {
  const Draw draw({.seed = 1}, "picture");
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < height * width * channels; ++i)
    pixels.push_back(static_cast<std::uint8_t>(draw.below_at(static_cast<std::uint64_t>(i), 256)));
  return pixels;
}

inline host::ViewPipeline alone(const std::string& name, const Settings& settings,
                                const host::ViewSpec& spec) {
  return host::ViewPipeline({{load_augmentation(name, settings), 1}}, spec);
}

/// What an augmentation draws for `count` samples of an image, one row a sample.
inline std::vector<std::vector<double>> draw_many(const host::ViewPipeline& pipeline, int height,
                                                  int width, int count) {
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < count; ++i)
    rows.push_back(
        pipeline.draw(height, width, {.seed = 1, .sample = static_cast<std::uint64_t>(i)})[0]
            .values);
  return rows;
}

inline std::vector<std::uint8_t> replay(const host::ViewPipeline& pipeline,
                                        const std::vector<std::uint8_t>& pixels,
                                        const DrawnFields& fields) {
  const host::ViewSpec& spec = pipeline.spec();
  host::ViewScratch scratch;
  std::vector<std::uint8_t> out(spec.floats());
  pipeline.replay_levels({pixels.data(), spec.height, spec.width, spec.channels},
                         drawn_of(pipeline, {fields}), out.data(), scratch);
  return out;
}

/// As `replay`, as the floats of the finished view, plane by plane. The picture has the view's
/// size.
inline std::vector<float> replay_values(const host::ViewPipeline& pipeline,
                                        const std::vector<std::uint8_t>& pixels,
                                        const DrawnFields& fields) {
  const host::ViewSpec& spec = pipeline.spec();
  host::ViewScratch scratch;
  std::vector<float> out(spec.floats());
  pipeline.replay({pixels.data(), spec.height, spec.width, spec.channels},
                  drawn_of(pipeline, {fields}), out.data(), scratch);
  return out;
}

}  // namespace kith::testing
