// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

/// The fewest insertions, deletions, replacements and swaps of neighbours that make one text of the
/// other (bytes;
/// '-' and '_' and letter case count as equal).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that a mistyped name most likely means; of equally near ones the first. Nothing if
/// none is near: more than a third of the name's length (at least 2) away.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

/// "; did you mean 'info_nce'?", or nothing: to be put behind a message.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace kith::host
