// SPDX-License-Identifier: Apache-2.0
#include "sweep/heat_map.h"

#include <gmock/gmock.h>
#include <png.h>

#include <cstring>
#include <set>
#include <tuple>

#include "sweep/glyphs.h"
#include "sweep_fixture.h"

namespace kith::host {
namespace {

HeatMap three_by_two() {
  HeatMap map;
  map.title = "heads: knn/top1 on val";
  map.row_axis = "width";
  map.column_axis = "kind";
  map.rows = {"64", "128", "256"};
  map.columns = {"linear", "mlp"};
  map.values = {0.1, 0.2, 0.3, 0.4, std::nullopt, 0.6};
  map.without_value = {"", "", "", "", "failed", ""};
  map.chosen = 5;
  return map;
}

/// The picture as libpng reads it: RGB rows.
struct Decoded {
  int width = 0, height = 0;
  std::vector<unsigned char> pixels;
};

Decoded decoded(const std::string& bytes) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0);
  image.format = PNG_FORMAT_RGB;
  Decoded result{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  result.pixels.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, result.pixels.data(), 0, nullptr), 0);
  return result;
}

TEST(HeatMapTest, ThePngHasTheSizeOfItsLayoutAndThePixelsOfTheCanvas) {
  const auto map = three_by_two();
  const auto at = layout_of(map);
  const auto canvas = draw(map);
  const auto png = decoded(canvas.png());
  EXPECT_EQ(png.width, canvas.width());
  EXPECT_EQ(png.height, canvas.height());
  EXPECT_EQ(png.height, at.top + 3 * at.cell_height + 12);
  EXPECT_GT(png.width, at.left + 2 * at.cell_width);
  for (int y = 0; y < png.height; ++y) {
    for (int x = 0; x < png.width; ++x) {
      const auto* p = &png.pixels[static_cast<std::size_t>(y * png.width + x) * 3];
      ASSERT_EQ((Colour{p[0], p[1], p[2]}), canvas.at(x, y)) << x << ", " << y;
    }
  }
}

TEST(HeatMapTest, CellsWithDifferentNumbersHaveDifferentColours) {
  const auto map = three_by_two();
  const auto at = layout_of(map);
  const auto canvas = draw(map);
  std::set<std::tuple<int, int, int>> colours;
  for (int i = 0; i < 6; ++i) {
    // In a corner of the cell, inside its edge and the frame of the chosen one, off the text.
    const auto c =
        canvas.at(at.left + (i % 2) * at.cell_width + 7, at.top + (i / 2) * at.cell_height + 7);
    colours.insert({c.red, c.green, c.blue});
    const auto& value = map.values[static_cast<std::size_t>(i)];
    EXPECT_EQ(c, value ? heat_colour((*value - 0.1) / 0.5) : (Colour{225, 225, 225}));
  }
  EXPECT_EQ(colours.size(), 6U);
}

TEST(HeatMapTest, EndsOfTheScaleAreDarkAndLight) {
  EXPECT_EQ(heat_colour(0), (Colour{68, 1, 84}));
  EXPECT_EQ(heat_colour(1), (Colour{253, 231, 37}));
  int before = -1;
  for (double share = 0; share <= 1; share += 0.05) {
    const auto c = heat_colour(share);
    const int luminance = 299 * c.red + 587 * c.green + 114 * c.blue;
    EXPECT_GT(luminance, before);
    before = luminance;
  }
}

TEST(HeatMapTest, EveryAsciiLetterIsDrawnAndNoTwoAreTheSame) {
  std::set<std::string> shapes;
  for (char32_t c = U' '; c <= U'~'; ++c) {
    const std::string rows = glyph_of(c).rows;
    EXPECT_EQ(rows.size(), 7U * 6U - 1U) << static_cast<char>(c);
    shapes.insert(rows);
  }
  EXPECT_EQ(shapes.size(), 95U);
  EXPECT_EQ(glyph_of(U'\u00e9').rows, glyph_of(U'\u4e2d').rows);
  EXPECT_EQ(text_width("a\u00b1b", 2), text_width("a+b", 2));
}

TEST(HeatMapTest, TextIsDrawnPointByPoint) {
  Canvas canvas(20, 20, {255, 255, 255});
  canvas.text(1, 2, "|", 2, {0, 0, 0});
  EXPECT_EQ(canvas.at(5, 2), (Colour{0, 0, 0}));  // the third of five points, 2 px each
  EXPECT_EQ(canvas.at(6, 15), (Colour{0, 0, 0}));
  EXPECT_EQ(canvas.at(4, 2), (Colour{255, 255, 255}));
  EXPECT_EQ(canvas.at(5, 16), (Colour{255, 255, 255}));
}

class HeatMapOfSweepTest : public SweepFixture {
 protected:
  std::optional<HeatMap> map(const std::string& axes) const {
    const auto made = read(std::string(kSmallSweep) + axes);
    std::vector<CellOutcome> outcomes(made.grid.runs.size());
    outcomes[0].end = CellEnd::kFailed;
    outcomes.back().end = CellEnd::kDone;
    outcomes.back().result = RunResult{{{"knn/val/trained/plain/top1", 0.5}}, 1, 1, 1, 0};
    return heat_map_of(made.file, summarise(made.file, made.grid, outcomes));
  }
  static std::string axis(const std::string& name, const std::string& key,
                          const std::string& values) {
    return "[[axis]]\nname = \"" + name + "\"\nkey = \"" + key + "\"\nvalues = " + values + "\n";
  }
};

TEST_F(HeatMapOfSweepTest, TwoAxesAreRowsAndColumnsAndAnAxisOfOneValueIsNone) {
  const auto two =
      map(axis("a", "optimizer.base_lr", "[0.1, 0.2]") + axis("one", "train.epochs", "[3]") +
          axis("b", "views.0.size", "[8, 9, 10]"));
  ASSERT_TRUE(two);
  EXPECT_THAT(two->rows, testing::ElementsAre("0.1", "0.2"));
  EXPECT_THAT(two->columns, testing::ElementsAre("8", "9", "10"));
  EXPECT_EQ(two->title, "small: knn/top1 on val");
  ASSERT_EQ(two->values.size(), 6U);
  EXPECT_EQ(two->values[5], 0.5);
  EXPECT_EQ(two->values[0], std::nullopt);
  EXPECT_EQ(two->without_value[0], "failed");
  EXPECT_EQ(two->without_value[1], "-");
}

TEST_F(HeatMapOfSweepTest, OneAxisIsOneColumnAndThreeAreNoPicture) {
  const auto one = map(axis("a", "optimizer.base_lr", "[0.1, 0.2]"));
  ASSERT_TRUE(one);
  EXPECT_THAT(one->columns, testing::ElementsAre("knn/top1 on val"));
  EXPECT_EQ(one->values.size(), 2U);
  EXPECT_FALSE(map(""));
  EXPECT_FALSE(map(axis("a", "optimizer.base_lr", "[0.1, 0.2]") +
                   axis("b", "train.epochs", "[3, 4]") + axis("c", "views.0.size", "[8, 9]")));
}

}  // namespace
}  // namespace kith::host
