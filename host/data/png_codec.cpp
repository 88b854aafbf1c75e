// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <kith/error.hpp>
#include <vector>

#include "data/image_codec.h"

namespace kith::host::detail {
namespace {

struct Source {
  const std::uint8_t* bytes;
  std::size_t left;
};

/// One picture. The functions that set a jump hold no object with a destructor.
class PngDecoder {
 public:
  explicit PngDecoder(std::span<const std::uint8_t> bytes) : source_{bytes.data(), bytes.size()} {
    std::memset(text_, 0, sizeof text_);
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  /// Reads the header. False: `text` says why.
  bool read_header() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(leave_) != 0) return false;
    png_set_read_fn(png_, this, on_read);
    constexpr png_uint_32 kMaxSide = 1U << 24;  // decode_png checks the number of pixels
    png_set_user_limits(png_, kMaxSide, kMaxSide);
    png_read_info(png_, info_);
    return true;
  }

  /// Before start: whether a file of so many bytes can hold the rows that the header claims.
  /// Deflate makes at most 258 bytes of 2 bits (RFC 1951, 3.2.5: a longest copy, both of its codes
  /// one bit).
  bool can_come_from(std::size_t bytes) const {
    constexpr std::size_t kMostRatio = 258 * 8 / 2;
    return height() * row_bytes() / kMostRatio <= bytes;
  }

  /// Asks for 8-bit grey or RGB without alpha. False: `text` says why.
  bool start() {
    if (setjmp(leave_) != 0) return false;
    png_set_expand(png_);    // palettes to RGB, 1, 2 and 4 bits to 8
    png_set_strip_16(png_);  // the upper byte, as Pillow; png_set_scale_16 rounds
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  /// `pixels` has room for height rows of `row_bytes`.
  bool read(std::uint8_t* pixels) {
    if (setjmp(leave_) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t y = 0; y < height(); ++y) {
        png_read_row(png_, pixels + y * row_bytes(), nullptr);
      }
    }
    png_read_end(png_, nullptr);
    return true;
  }

  std::size_t height() const { return png_get_image_height(png_, info_); }
  std::size_t width() const { return png_get_image_width(png_, info_); }
  /// After `start`: 1 or 3.
  int channels() const { return png_get_channels(png_, info_); }
  std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }
  const char* text() const { return text_; }

 private:
  static void on_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::snprintf(self->text_, sizeof self->text_, "%s", text);
    std::longjmp(self->leave_, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, png_size_t count) {
    auto* self = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > self->source_.left) png_error(png, "the file ends early");
    std::memcpy(out, self->source_.bytes, count);
    self->source_.bytes += count;
    self->source_.left -= count;
  }

  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  std::jmp_buf leave_;
  char text_[256];
};

/// From `in` of 1 or 3 channels to `out` of the other.
void convert(const std::uint8_t* in, int in_channels, std::uint8_t* out, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i) {
    if (in_channels == 1) {
      std::fill_n(out + 3 * i, 3, in[i]);
    } else {
      out[i] = grey_of(in + 3 * i);
    }
  }
}

}  // namespace

void decode_png(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                Image& out) {
  PngDecoder decoder(bytes);
  const auto fail = [&]() {
    throw DataError("data: '" + name + "': damaged PNG: " + decoder.text());
  };
  if (!decoder.read_header()) fail();
  check_image_size(decoder.height(), decoder.width(), name);
  if (!decoder.can_come_from(bytes.size()))
    throw_claims_too_much("PNG", decoder.height(), decoder.width(), bytes.size(), name);
  if (!decoder.start()) fail();
  out.resize({static_cast<int>(decoder.height()), static_cast<int>(decoder.width()), channels});
  if (decoder.channels() == channels) {
    if (!decoder.read(out.pixels.data())) fail();
    return;
  }
  std::vector<std::uint8_t> native(decoder.row_bytes() * decoder.height());
  if (!decoder.read(native.data())) fail();
  convert(native.data(), decoder.channels(), out.pixels.data(), decoder.height() * decoder.width());
}

}  // namespace kith::host::detail
