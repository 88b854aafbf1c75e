// SPDX-License-Identifier: Apache-2.0
#include "sweep/canvas.h"

#include <png.h>

#include <algorithm>
#include <cstring>
#include <kith/error.hpp>

#include "sweep/glyphs.h"

namespace kith::host {
namespace {

/// Code points of UTF-8; a byte that is none counts as one.
std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    char32_t point = more == 0 ? lead : lead & (0x3fU >> more);
    for (; more > 0 && i < text.size(); --more)
      point = point << 6U | (static_cast<unsigned char>(text[i++]) & 0x3fU);
    points.push_back(point);
  }
  return points;
}

}  // namespace

Canvas::Canvas(int width, int height, Colour background) : width_(width), height_(height) {
  pixels_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  fill(0, 0, width, height, background);
}

Colour Canvas::at(int x, int y) const {
  const auto* p = &pixels_[static_cast<std::size_t>(y * width_ + x) * 3];
  return {p[0], p[1], p[2]};
}

void Canvas::fill(int x, int y, int width, int height, Colour colour) {
  for (int row = std::max(0, y); row < std::min(height_, y + height); ++row) {
    for (int column = std::max(0, x); column < std::min(width_, x + width); ++column) {
      auto* p = &pixels_[static_cast<std::size_t>(row * width_ + column) * 3];
      p[0] = colour.red;
      p[1] = colour.green;
      p[2] = colour.blue;
    }
  }
}

void Canvas::frame(int x, int y, int width, int height, int thickness, Colour colour) {
  fill(x, y, width, thickness, colour);
  fill(x, y + height - thickness, width, thickness, colour);
  fill(x, y, thickness, height, colour);
  fill(x + width - thickness, y, thickness, height, colour);
}

void Canvas::text(int x, int y, std::string_view text, int scale, Colour colour) {
  for (const char32_t point : code_points(text)) {
    const Glyph glyph = glyph_of(point);
    for (int row = 0; row < kGlyphHeight; ++row)
      for (int column = 0; column < kGlyphWidth; ++column)
        if (glyph.has(row, column)) fill(x + column * scale, y + row * scale, scale, scale, colour);
    x += (kGlyphWidth + 1) * scale;
  }
}

std::string Canvas::png() const {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width_);
  image.height = static_cast<png_uint_32>(height_);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  std::string bytes;
  // The first call finds the size, the second writes.
  for (int call = 0; call < 2; ++call) {
    void* target = call == 0 ? nullptr : bytes.data();
    if (png_image_write_to_memory(&image, target, &size, 0, pixels_.data(), 0, nullptr) == 0)
      throw Error("sweep: libpng can't write the picture: " + std::string(image.message));
    bytes.resize(size);
  }
  return bytes;
}

int text_width(std::string_view text, int scale) {
  const auto count = static_cast<int>(code_points(text).size());
  return count == 0 ? 0 : (count * (kGlyphWidth + 1) - 1) * scale;
}

int text_height(int scale) { return kGlyphHeight * scale; }

}  // namespace kith::host
