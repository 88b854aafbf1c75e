// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace kith::host {

/// What was drawn for one augmentation of one view.
struct DrawnAugmentation {
  bool applied = false;        ///< false: its probability spared this view
  std::vector<double> values;  ///< one for each of the augmentation's fields, if it is applied
};

/// What was drawn for a view, one entry for each augmentation of the list: all that is needed to
/// make the view again.
using DrawnView = std::vector<DrawnAugmentation>;

}  // namespace kith::host
