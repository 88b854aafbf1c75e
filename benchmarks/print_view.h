// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "augment/view_pipeline.h"

namespace kith::benchmarks {

/// Prints a view as a line of JSON, for views.py to compare: what it is of, for each augmentation
/// that was applied its name and what was drawn, and the levels in hexadecimal.
inline void print_view(const std::string& of, const host::ViewPipeline& pipeline,
                       const host::ImageView& image, const host::DrawnView& drawn,
                       host::ViewScratch& scratch) {
  std::vector<std::uint8_t> levels(pipeline.spec().floats());
  pipeline.replay_levels(image, drawn, levels.data(), scratch);
  std::string text = "{\"of\": \"" + of + "\", \"drawn\": [";
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (!drawn[i].applied) continue;
    const auto& augmentation = *pipeline.list()[i].augmentation;
    text += (text.back() == '[' ? "[\"" : ", [\"") + augmentation.name() + "\", {";
    for (std::size_t f = 0; f < drawn[i].values.size(); ++f) {
      char number[32];
      std::snprintf(number, sizeof number, "%.17g", drawn[i].values[f]);
      text += (f == 0 ? "\"" : ", \"") + augmentation.fields()[f] + "\": " + number;
    }
    text += "}]";
  }
  text += "], \"levels\": \"";
  for (const std::uint8_t level : levels) {
    text += "0123456789abcdef"[level / 16];
    text += "0123456789abcdef"[level % 16];
  }
  std::printf("%s\"}\n", text.c_str());
}

}  // namespace kith::benchmarks
