// SPDX-License-Identifier: Apache-2.0
#include <cstdio>  // before jpeglib.h, which needs FILE and includes nothing
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <kith/error.hpp>
#include <vector>

#include "data/image_codec.h"
#include "data/jpeg_part.h"

namespace kith::host::detail {
namespace {

/// libjpeg's error object with what is needed to leave it. libjpeg reaches it through its first
/// member.
struct ErrorState {
  jpeg_error_mgr manager;
  std::jmp_buf leave;
  int warning = 0;  ///< First message code that means lost picture data, 0: none.
  bool ended_early = false;
  char text[JMSG_LENGTH_MAX];
};

ErrorState& error_state(j_common_ptr info) { return *reinterpret_cast<ErrorState*>(info->err); }

void on_error(j_common_ptr info) {
  ErrorState& state = error_state(info);
  state.manager.format_message(info, state.text);
  std::longjmp(state.leave, 1);
}

/// Warnings that mean wrong pixels are kept; others (stray bytes, odd version numbers) are not.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  ErrorState& state = error_state(info);
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      state.ended_early = true;
      break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      if (state.warning == 0) {
        state.warning = info->err->msg_code;
        state.manager.format_message(info, state.text);
      }
      break;
    default:
      break;
  }
}

void on_output(j_common_ptr) {}

/// One decompression. The functions that set a jump hold no object with a destructor.
class JpegDecoder {
 public:
  JpegDecoder() {
    std::memset(&info_, 0, sizeof info_);
    std::memset(&errors_.text, 0, sizeof errors_.text);
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
    errors_.manager.emit_message = on_message;
    errors_.manager.output_message = on_output;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /// False: `text` says why.
  bool read_header(std::span<const std::uint8_t> bytes) {
    if (setjmp(errors_.leave) != 0) return false;
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info_, TRUE);
    if (info_.num_components == 1) {
      info_.out_color_space = JCS_GRAYSCALE;
    } else if (info_.num_components == 4) {
      info_.out_color_space = JCS_CMYK;
    } else {
      info_.out_color_space = JCS_RGB;
    }
    return true;
  }

  /// Before start: whether a file of so many bytes can hold the blocks that the header claims: each
  /// of 8 x 8 values takes a bit at least. An arithmetic code may take less, and is not judged.
  bool can_come_from(std::size_t bytes) const {
    if (info_.arith_code != FALSE) return true;
    std::size_t fewest = SIZE_MAX;
    for (int i = 0; i < info_.num_components; ++i)
      fewest = std::min(fewest, std::size_t{info_.comp_info[i].width_in_blocks} *
                                    info_.comp_info[i].height_in_blocks);
    return fewest / 8 <= bytes;
  }

  bool start() {
    if (setjmp(errors_.leave) != 0) return false;
    jpeg_start_decompress(&info_);
    return true;
  }

  /// Decodes the next row to `row`, which has room for width times components bytes.
  bool read_row(std::uint8_t* row) {
    if (setjmp(errors_.leave) != 0) return false;
    JSAMPROW rows[1] = {row};
    jpeg_read_scanlines(&info_, rows, 1);
    return true;
  }

  /// After start: goes to a part of the picture (see go_to_part).
  bool go_to(ImagePart& part) {
    if (setjmp(errors_.leave) != 0) return false;
    go_to_part(info_, part);
    return true;
  }

  int height() const { return static_cast<int>(info_.image_height); }
  int width() const { return static_cast<int>(info_.image_width); }
  int components() const { return info_.out_color_components; }
  /// True if warnings mean that pixels are wrong. A picture of one scan may lack its end marker;
  /// of several scans, the end of the file may have cut some off.
  bool lost_data() {
    if (errors_.warning != 0) return true;
    if (!errors_.ended_early || jpeg_has_multiple_scans(&info_) == FALSE) return false;
    std::snprintf(errors_.text, sizeof errors_.text, "the file ends before its last scan");
    return true;
  }
  const char* text() const { return errors_.text; }

 private:
  jpeg_decompress_struct info_;
  ErrorState errors_;
};

/// a * b / 255, rounded.
std::uint32_t scale_255(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/// Adobe's files hold CMYK inverted; what comes out is the ink's complement, scaled by black.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb) {
  const std::uint32_t light = cmyk[3];
  for (int c = 0; c < 3; ++c) {
    rgb[c] = static_cast<std::uint8_t>(light - scale_255(255U - cmyk[c], light));
  }
}

void convert_row(const std::uint8_t* in, int components, std::uint8_t* out, int channels,
                 int width) {
  for (int x = 0; x < width; ++x, in += components, out += channels) {
    std::uint8_t rgb[3];
    if (components == 4) {
      cmyk_to_rgb(in, rgb);
    } else {
      for (int c = 0; c < 3; ++c) rgb[c] = in[components == 1 ? 0 : c];
    }
    if (channels == 1) {
      out[0] = components == 1 ? in[0] : grey_of(rgb);
    } else {
      std::memcpy(out, rgb, 3);
    }
  }
}

}  // namespace

void decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name, int channels,
                 const ImagePart* wanted, Image& out) {
  JpegDecoder decoder;
  const auto fail = [&]() {
    throw DataError("data: '" + name + "': damaged JPEG: " + decoder.text());
  };
  if (!decoder.read_header(bytes)) fail();
  check_image_size(static_cast<std::uint64_t>(decoder.height()),
                   static_cast<std::uint64_t>(decoder.width()), name);
  if (!decoder.can_come_from(bytes.size()))
    throw_claims_too_much("JPEG", static_cast<std::uint64_t>(decoder.height()),
                          static_cast<std::uint64_t>(decoder.width()), bytes.size(), name);
  if (!decoder.start()) fail();
  out.resize({decoder.height(), decoder.width(), channels});
  ImagePart part = whole_of(out.size);
  if (wanted != nullptr && fits(*wanted, out.size)) {
    part = *wanted;
    if (!decoder.go_to(part)) fail();
  }
  const int components = decoder.components();
  std::vector<std::uint8_t> row;
  if (components != channels) row.resize(static_cast<std::size_t>(part.width * components));
  for (int y = part.top; y < part.bottom(); ++y) {
    const std::size_t pixel =
        static_cast<std::size_t>(y) * static_cast<std::size_t>(out.size.width) +
        static_cast<std::size_t>(part.left);
    std::uint8_t* target = out.pixels.data() + pixel * static_cast<std::size_t>(channels);
    if (!decoder.read_row(components == channels ? target : row.data())) fail();
    if (components != channels) convert_row(row.data(), components, target, channels, part.width);
  }
  if (decoder.lost_data()) fail();
}

}  // namespace kith::host::detail
