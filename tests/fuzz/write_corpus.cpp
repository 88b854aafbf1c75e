// SPDX-License-Identifier: Apache-2.0
// Writes the binary files of the corpus: `write_corpus tests/fuzz/corpus`.
#include <filesystem>
#include <fstream>

#include "host/data/data_files.h"
#include "host/plugin/tiny_elf.h"

namespace {

using kith::host::TinyElf;
using kith::host::test::Bytes;

std::filesystem::path root;

void write(const std::string& name, const Bytes& bytes) {
  kith::host::test::write_file(root / name, bytes);
}

void write(const std::string& name, const TinyElf& elf) {
  const auto bytes = elf.bytes();
  write(name, Bytes(bytes.begin(), bytes.end()));
}

std::string text_of(const std::function<void(kith::detail::NoteWriter&)>& entries) {
  return kith::host::metadata_note(entries).substr(8);
}

void write_notes() {
  using namespace kith::detail;  // NOLINT(google-build-using-namespace): the keys of a note
  const auto required =
      kith::host::metadata_note([](NoteWriter& w) { kith::host::write_required(w); });
  write("note/required.bin", TinyElf{{{1, required}}});
  write("note/none.bin", TinyElf{});
  write("note/twice.bin", TinyElf{{{1, required}, {1, required}}});
  write("note/operators.bin", TinyElf{{{1, required},
                                       {2, kith::host::operator_note("aten::mul.Tensor")},
                                       {2, kith::host::operator_note("aten::new_op", 0)},
                                       {7, "of the linker", "GNU"}}});
  const double range[] = {0.5, 0, 1};
  const std::string numbers(reinterpret_cast<const char*>(range), sizeof range);
  const auto full = kith::host::metadata_note([&](NoteWriter& w) {
    kith::host::write_required(w);
    w.service("kith.tensor/1");
    w.optional_service("kith.later/1");
    w.fact("input", "embedding", "2N C", "gradient");
    w.text(kNoteSummary, "a summary");
    w.text(kNoteOption, text_of([&](NoteWriter& o) {
             o.text(kOptionName, "x");
             o.text(kOptionType, std::string("\2\0\0\0", 4));
             o.text(kOptionDefault, numbers.substr(0, 8));
             o.text(kOptionMin, numbers.substr(8, 8));
             o.text(kOptionMax, numbers.substr(16, 8));
             o.text(kOptionHelp, "help");
           }));
    w.text(kNoteOption, text_of([](NoteWriter& o) {
             o.text(kOptionName, "scale");
             o.text(kOptionType, std::string("\4\0\0\0", 4));
             o.text(kOptionDefault, "paper");
             o.text(kOptionChoice, "paper");
             o.text(kOptionChoice, "code");
           }));
    w.text(kNoteOption, text_of([](NoteWriter& o) {
             o.text(kOptionName, "names");
             o.text(kOptionType, std::string("\3\0\0\0", 4));
             o.text(kOptionList, std::string("\0\0\0\0\4\0\0\0", 8));
           }));
  });
  write("note/options.bin", TinyElf{{{1, full}}, 5});
  write("note/growing_name.bin", TinyElf{{{1, required}}, 2, kith::host::growing_name(20)});
}

void write_idx() {
  const Bytes values(24, 7);
  const auto images = kith::host::test::idx_bytes({2, 3, 4}, values);
  write("idx/images.bin", images);
  write("idx/images_gz.bin", kith::host::test::gzip(images));
  write("idx/labels.bin", kith::host::test::idx_bytes({24}, values));
  write("idx/claims_much.bin", Bytes{0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 1});
}

void write_images() {
  using kith::host::test::jpeg_bytes;
  using kith::host::test::noise_image;
  using kith::host::test::png_bytes;
  const auto rgb = noise_image(9, 11, 3, 1), grey = noise_image(9, 11, 1, 2);
  write("image/rgb_png.bin", png_bytes(rgb));
  write("image/grey_png.bin", png_bytes(grey));
  write("image/rgb_jpeg.bin", jpeg_bytes(9, 11, 3, rgb.pixels));
  write("image/grey_jpeg.bin", jpeg_bytes(9, 11, 1, grey.pixels));
  write("image/turned_jpeg.bin",
        kith::host::test::with_orientation(jpeg_bytes(9, 11, 3, rgb.pixels), 6));
  write("image/turned_png.bin", kith::host::test::with_orientation(png_bytes(grey), 3, true));
  write("image/progressive_jpeg.bin", jpeg_bytes(9, 11, 3, rgb.pixels, true));
  write("image/cmyk_jpeg.bin", jpeg_bytes(4, 5, 4, Bytes(80, 60)));
  Bytes rows;
  for (int i = 0; i < 9 * 11; ++i) rows.push_back(static_cast<std::uint8_t>(i % 4));
  write("image/palette_png.bin", png_bytes(9, 11, rows,
                                           {.colour_type = 3,
                                            .depth = 8,
                                            .interlaced = true,
                                            .palette = {1, 2, 3, 90, 80, 70, 255, 0, 9, 4, 4, 4},
                                            .palette_alpha = {0, 128}}));
  kith::host::test::PngLayout deep, alpha;
  deep.depth = 16;
  alpha.colour_type = 6;
  write("image/grey16_png.bin", png_bytes(3, 4, Bytes(24, 200), deep));
  write("image/rgba_png.bin", png_bytes(3, 4, Bytes(48, 100), alpha));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  root = argv[1];
  write_notes();
  write_idx();
  write_images();
  return 0;
}
