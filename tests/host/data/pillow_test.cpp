// SPDX-License-Identifier: Apache-2.0
// Pictures that Pillow writes, as Pillow reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "data/orientation.h"
#include "data_files.h"
#include "host/store/python.h"

namespace kith::host {
namespace {

// Writes NAME.png or NAME.jpg, and beside it NAME.png.rgb with the pixels that convert("RGB")
// gives: width and height in four bytes each, then the rows. "upright" ones are turned by
// exif_transpose.
constexpr const char* kProgram = R"(
import pathlib, struct, sys, zlib
from PIL import Image, ImageOps

folder = pathlib.Path(sys.argv[1])
size = (37, 23)
state = 12345


def noise(count):
    global state
    out = bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return bytes(out)


def smooth(channels):
    return bytes((3 * x + 5 * y + 60 * c) % 256 for y in range(size[1]) for x in range(size[0]) for c in range(channels))


def expect(path, upright=False):
    image = Image.open(path)
    rgb = (ImageOps.exif_transpose(image) if upright else image).convert("RGB")
    path.with_name(path.name + ".rgb").write_bytes(struct.pack("<II", *rgb.size) + rgb.tobytes())


def save(name, image, **options):
    image.save(folder / name, **options)
    expect(folder / name)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def save_deep(name, colour_type, channels):
    rows = b"".join(b"\0" + noise(2 * channels * size[0]) for _ in range(size[1]))
    head = struct.pack(">IIBBBBB", *size, 16, colour_type, 0, 0, 0)
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    expect(path)


pixels = size[0] * size[1]
rgb = Image.frombytes("RGB", size, noise(3 * pixels))
save("rgb.png", rgb)
save("rgba.png", Image.frombytes("RGBA", size, noise(4 * pixels)))
save("grey.png", Image.frombytes("L", size, noise(pixels)))
save("grey_alpha.png", Image.frombytes("LA", size, noise(2 * pixels)))
save("one_bit.png", Image.frombytes("L", size, noise(pixels)).convert("1"))
palette = rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=50)
save("palette.png", palette)
save("palette_4_bits.png", rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=13))
save("palette_alpha.png", palette, transparency=bytes(range(50)))
save("rgb_transparent_colour.png", rgb, transparency=rgb.getpixel((3, 3)))
save_deep("deep_rgb.png", 2, 3)
save_deep("deep_grey_alpha.png", 4, 2)
save_deep("deep_rgba.png", 6, 4)
save("grey.jpg", Image.frombytes("L", size, smooth(1)))
save("ycc.jpg", Image.frombytes("RGB", size, smooth(3)), quality=80)
save("progressive.jpg", Image.frombytes("RGB", size, smooth(3)), quality=80, progressive=True)
save("cmyk.jpg", Image.frombytes("CMYK", size, smooth(4)), quality=90)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending in ("jpg", "png"):
        path = folder / f"upright_{orientation}.{ending}"
        rgb.save(path, exif=exif)
        expect(path, upright=True)
)";

std::uint32_t number_at(const test::Bytes& bytes, std::size_t at) {
  return bytes[at] | std::uint32_t{bytes[at + 1]} << 8;  // no picture here is larger
}

TEST(PillowTest, DecodesEveryKindOfPictureAsPillowConvertsIt) {
  const std::string python = find_python("PIL.Image");
  if (python.empty()) GTEST_SKIP() << "no Python with Pillow (KITH_PYTHON)";
  const test::TempFolder folder;
  const CommandResult result = run_python(python, kProgram, folder.path().string());
  ASSERT_EQ(result.status, 0) << result.output;
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::filesystem::path file = entry.path();
    if (file.extension() == ".rgb") continue;
    SCOPED_TRACE(file.filename());
    const test::Bytes bytes = read_file(file);
    const test::Bytes expected = read_file(file.string() + ".rgb");
    Image image;
    decode_image(bytes, file.string(), 3, image);
    if (file.filename().string().starts_with("upright")) {
      turn_upright(image, find_orientation(bytes).value());
    }
    ASSERT_EQ(image.size.width, static_cast<int>(number_at(expected, 0)));
    ASSERT_EQ(image.size.height, static_cast<int>(number_at(expected, 4)));
    EXPECT_EQ(image.pixels, test::Bytes(expected.begin() + 8, expected.end()));
    ++compared;
  }
  EXPECT_EQ(compared, 32);
}

}  // namespace
}  // namespace kith::host
