// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/image.h"
#include "data/source.h"
#include "temp_folder.h"

/// Files that the tests of host/data write, and where the real ones lie.
namespace kith::host::test {

using host::TempFolder;
using Bytes = std::vector<std::uint8_t>;

/// Writes a file and the folders above it.
void write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& file, const std::string& text);

Bytes gzip(std::span<const std::uint8_t> bytes);
/// An IDX file of unsigned bytes.
Bytes idx_bytes(const std::vector<std::uint32_t>& extents, std::span<const std::uint8_t> values);

/// How write_png lays out what it is given. `channels` of the raw rows: grey 1, palette 1, grey
/// and alpha 2, RGB 3, RGBA 4; times two bytes (big-endian) at depth 16.
struct PngLayout {
  int colour_type = 0;  ///< PNG_COLOR_TYPE_*
  int depth = 8;
  bool interlaced = false;
  Bytes palette;        ///< RGB triples.
  Bytes palette_alpha;  ///< tRNS of a palette.
};
Bytes png_bytes(int height, int width, std::span<const std::uint8_t> rows, const PngLayout& layout);
/// 8-bit grey or RGB.
Bytes png_bytes(const Image& image);
/// `components` 1 (grey), 3 (RGB) or 4 (CMYK, written as given, or turned to YCCK), quality 95.
/// @param sampling  of three components: samples of brightness, across and down, for one of colour.
Bytes jpeg_bytes(int height, int width, int components, std::span<const std::uint8_t> pixels,
                 bool progressive = false, bool ycck = false,
                 std::pair<int, int> sampling = {2, 2});
/// The picture with an EXIF block that has this orientation (a short, in the byte order that is
/// wanted) behind a tag of another kind.
Bytes with_orientation(const Bytes& jpeg_or_png, int orientation, bool big_endian = false);

/// A picture whose pixels depend on `seed`.
Image noise_image(int height, int width, int channels, std::uint32_t seed);

/// A split in memory: image i is noise_image(height, width, channels, first_seed + i).
class MemorySource : public SplitSource {
 public:
  std::int64_t count = 0;
  int height = 4, width = 5, channels = 3;
  std::uint32_t first_seed = 0;
  std::int64_t num_classes = 2;            ///< Label of i is i modulo this; 0: no labels.
  std::function<void(std::int64_t)> hook;  ///< Called by decode.

  std::int64_t size() const override { return count; }
  std::string name(std::int64_t index) const override { return "m/" + std::to_string(index); }
  std::int64_t label(std::int64_t index) const override {
    return num_classes == 0 ? kNoLabel : index % num_classes;
  }
  ImageSize image_size(std::int64_t) const override { return {height, width, channels}; }
  void decode(std::int64_t index, Image& out) const override;
  bool in_memory() const override { return false; }
  std::size_t decoded_bytes(std::size_t) const override {
    return static_cast<std::size_t>(count) * image_size(0).bytes();
  }
};

/// A source whose train has `count` images; classes "a" and "b".
Source memory_source(std::int64_t count, std::function<void(std::int64_t)> hook = nullptr);

/// The text of the exception of type E that `body` throws; empty if it throws none or another.
template <class E>
std::string error_text(const std::function<void()>& body) {
  try {
    body();
  } catch (const E& e) {
    return e.what();
  }
  return {};
}

/// Folder of the real packs: KITH_DATA, else ../shared/data beside the source root.
std::optional<std::filesystem::path> find_pack(const std::string& file);
/// Unpacks a pack into `folder`.
void unpack(const std::filesystem::path& pack, const std::filesystem::path& folder);

}  // namespace kith::host::test
