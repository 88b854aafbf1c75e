// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7;

/// A letter of 5 x 7 points.
///
/// Rationale: the pictures of sweeps need short labels and numbers. A library that draws text
/// (cairo with a font) is three more system packages and a font that must be there, and its
/// pictures differ by version; these points give the same bytes everywhere.
struct Glyph {
  const char* rows;  ///< 7 rows of 5 points, '#' is ink, with a '/' between rows
  bool has(int row, int column) const { return rows[row * (kGlyphWidth + 1) + column] == '#'; }
};

/// The glyph of a code point: ASCII from ' ' to '~', '±' and '×'; a hollow box for others.
Glyph glyph_of(char32_t point);

}  // namespace kith::host
