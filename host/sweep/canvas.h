// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Colour&) const = default;
};

/// A picture of 8-bit RGB pixels, x to the right and y down from the upper left. What lies outside
/// is not drawn. [one thread]
class Canvas {
 public:
  Canvas(int width, int height, Colour background);

  int width() const { return width_; }
  int height() const { return height_; }
  Colour at(int x, int y) const;

  void fill(int x, int y, int width, int height, Colour colour);
  /// The edge of a rectangle, `thickness` px to its inside.
  void frame(int x, int y, int width, int height, int thickness, Colour colour);
  /// Text with its upper left corner at (x, y): UTF-8, a glyph of 5 x 7 points for each code point,
  /// each point a square of `scale` px. A code point without a glyph is a hollow box.
  void text(int x, int y, std::string_view text, int scale, Colour colour);

  /// PNG, 8-bit RGB. @throws kith::Error with libpng's words.
  std::string png() const;

 private:
  int width_, height_;
  std::vector<std::uint8_t> pixels_;  ///< [height, width, 3]
};

/// Size of a text in px.
int text_width(std::string_view text, int scale);
int text_height(int scale);

}  // namespace kith::host
