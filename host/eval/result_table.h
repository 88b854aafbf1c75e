// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "eval/evaluator.h"

namespace kith::host {

/// The results of one evaluation as a table: a line for each row (plain and centred), a column for
/// each metric; fractions in per cent. Plain text, no colour.
std::string result_table(const std::vector<Result>& results);

/// One sentence on what the table means, from its numbers: the trained encoder against pixels and
/// against itself untrained. Of the first evaluation that has all three rows; empty without.
std::string result_sentence(const std::vector<Result>& results);

}  // namespace kith::host
