// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace blur {

/// One channel of a view, row-major, to be changed in place.
struct Plane {
  float* data;
  std::size_t height, width;
};

}  // namespace blur
