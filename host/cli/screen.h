// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace kith::host {

/// Standard output of a run, all of which stands in the run's folder too. A reader that went away,
/// or that does not read, neither ends a run nor holds it up. [train thread]
class Screen {
 public:
  /// From now on a closed pipe is an error of the write, which is left at that, and no signal.
  Screen();
  /// Text during training: what does not fit into a full pipe is left out.
  void show(std::string_view text) const;
  /// Text at the end, when everything is on disk: waits for the reader.
  void finish(std::string_view text) const;
};

}  // namespace kith::host
