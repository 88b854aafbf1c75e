// SPDX-License-Identifier: Apache-2.0
#include "data_files.h"

#include <png.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
// jpeglib.h needs FILE.
#include <jpeglib.h>

namespace kith::host::test {
namespace fs = std::filesystem;

void write_file(const fs::path& file, std::span<const std::uint8_t> bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out) throw std::runtime_error("cannot write " + file.string());
}
void write_file(const fs::path& file, const std::string& text) {
  write_file(file, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

Bytes gzip(std::span<const std::uint8_t> bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&z, bytes.size()) + 64);
  z.next_in = const_cast<Bytef*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

Bytes idx_bytes(const std::vector<std::uint32_t>& extents, std::span<const std::uint8_t> values) {
  Bytes out = {0, 0, 8, static_cast<std::uint8_t>(extents.size())};
  for (const std::uint32_t extent : extents) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(extent >> shift));
    }
  }
  out.insert(out.end(), values.begin(), values.end());
  return out;
}

Bytes png_bytes(int height, int width, std::span<const std::uint8_t> rows,
                const PngLayout& layout) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, png_size_t count) {
        auto* bytes = static_cast<Bytes*>(png_get_io_ptr(p));
        bytes->insert(bytes->end(), data, data + count);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               layout.depth, layout.colour_type,
               layout.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!layout.palette.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(layout.palette.data()),
                 static_cast<int>(layout.palette.size() / 3));
  }
  if (!layout.palette_alpha.empty()) {
    png_set_tRNS(png, info, layout.palette_alpha.data(),
                 static_cast<int>(layout.palette_alpha.size()), nullptr);
  }
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(height);
  for (int y = 0; y < height; ++y) {
    pointers.push_back(
        const_cast<png_bytep>(rows.data() + static_cast<std::size_t>(y) * row_bytes));
  }
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

Bytes png_bytes(const Image& image) {
  PngLayout layout;
  layout.colour_type = image.size.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  return png_bytes(image.size.height, image.size.width, image.pixels, layout);
}

Bytes jpeg_bytes(int height, int width, int components, std::span<const std::uint8_t> pixels,
                 bool progressive, bool ycck, std::pair<int, int> sampling) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  if (ycck) jpeg_set_colorspace(&info, JCS_YCCK);
  if (components == 3) {
    info.comp_info[0].h_samp_factor = sampling.first;
    info.comp_info[0].v_samp_factor = sampling.second;
  }
  jpeg_set_quality(&info, 95, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.data() + static_cast<std::size_t>(y) *
                                                            static_cast<std::size_t>(width) *
                                                            static_cast<std::size_t>(components));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  Bytes out(memory, memory + size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return out;
}

namespace {

/// A TIFF structure with the tags Make (2 characters) and Orientation.
Bytes exif_bytes(int orientation, bool big_endian) {
  Bytes out;
  const auto number = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      out.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? size - 1 - i : i)));
    }
  };
  const std::string order = big_endian ? "MM" : "II";
  out.assign(order.begin(), order.end());
  number(42, 2);
  number(8, 4);  // where the directory begins
  number(2, 2);  // entries: tag, type, count, value in 4 bytes
  number(0x010F, 2), number(2, 2), number(2, 4), number(0x4B00, 4);
  number(0x0112, 2), number(3, 2), number(1, 4), number(static_cast<std::uint32_t>(orientation), 2);
  number(0, 2);
  number(0, 4);  // no further directory
  return out;
}

}  // namespace

Bytes with_orientation(const Bytes& picture, int orientation, bool big_endian) {
  Bytes exif = exif_bytes(orientation, big_endian);
  Bytes block;
  std::ptrdiff_t at = 2;
  if (picture[0] == 0xFF) {
    const std::string name("Exif\0\0", 6);
    exif.insert(exif.begin(), name.begin(), name.end());
    block = {0xFF, 0xE1, 0, static_cast<std::uint8_t>(exif.size() + 2)};
    block.insert(block.end(), exif.begin(), exif.end());
  } else {
    at = 33;  // behind signature and IHDR
    const std::string name = "eXIf";
    block = {0, 0, 0, static_cast<std::uint8_t>(exif.size())};
    block.insert(block.end(), name.begin(), name.end());
    block.insert(block.end(), exif.begin(), exif.end());
    const auto sum = crc32(0, block.data() + 4, static_cast<uInt>(block.size() - 4));
    for (int shift = 24; shift >= 0; shift -= 8) {
      block.push_back(static_cast<std::uint8_t>(sum >> shift));
    }
  }
  Bytes out = picture;
  out.insert(out.begin() + at, block.begin(), block.end());
  return out;
}

Image noise_image(int height, int width, int channels, std::uint32_t seed) {
  Image image;
  image.resize({height, width, channels});
  std::uint32_t state = seed * 2654435761U + 12345U;
  for (std::uint8_t& pixel : image.pixels) {
    state = state * 1664525U + 1013904223U;
    pixel = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

void MemorySource::decode(std::int64_t index, Image& out) const {
  if (hook) hook(index);
  out = noise_image(height, width, channels, first_seed + static_cast<std::uint32_t>(index));
}

Source memory_source(std::int64_t count, std::function<void(std::int64_t)> hook) {
  auto train = std::make_unique<MemorySource>();
  train->count = count;
  train->hook = std::move(hook);
  Source source;
  source.reader = "memory";
  source.path = "/memory";
  source.channels = 3;
  source.image = {"image", FieldType::kUint8, {4, 5, 3}, Encoding::kRaw};
  source.class_names = {"a", "b"};
  source.train = std::move(train);
  return source;
}

std::optional<fs::path> find_pack(const std::string& file) {
  const char* given = std::getenv("KITH_DATA");
  const fs::path folder = given != nullptr
                              ? fs::path(given)
                              : fs::path(KITH_SOURCE_DIR).parent_path() / "shared" / "data";
  if (!fs::is_regular_file(folder / file)) return std::nullopt;
  return folder / file;
}

void unpack(const fs::path& pack, const fs::path& folder) {
  const std::string command =
      "tar xzf '" + pack.string() + "' --no-same-owner -C '" + folder.string() + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

}  // namespace kith::host::test
