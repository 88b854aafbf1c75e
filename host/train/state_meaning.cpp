// SPDX-License-Identifier: Apache-2.0
#include "train/state_meaning.h"

#include <array>

namespace kith::host {
namespace {

struct Meaning {
  const char* kind;
  const char* dimensions;
  const char* meaning;
};

constexpr std::array<Meaning, 5> kMeanings = {{
    {"queue", "place, channel",
     "the last embeddings that the method kept, in a ring: new ones take the places in order, and "
     "then begin with the first again"},
    {"memory_bank", "image, channel",
     "row i is the stored embedding of image i of /samples/train, or of the image that "
     "/samples/train/trained_rows names in row i where training had a part of them"},
    {"prototypes", "prototype, channel", "row k is the direction of cluster k"},
    {"centre", "channel", "the running mean that is taken off the teacher's outputs"},
    {"scalar", "", "one number that the method keeps"},
}};

}  // namespace

Attributes state_meaning(const std::string& export_kind) {
  for (const auto& [kind, dimensions, meaning] : kMeanings)
    if (export_kind == kind)
      return {{"dimensions", std::string(dimensions)}, {"meaning", std::string(meaning)}};
  return {};
}

}  // namespace kith::host
