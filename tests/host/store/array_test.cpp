// SPDX-License-Identifier: Apache-2.0
#include "store/array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <kith/error.hpp>

#include "store_files.h"

namespace kith::host {
namespace {

TEST(ArrayTest, CountsElementsAndBytesOfAShape) {
  EXPECT_EQ((ArrayView{DType::kFloat32, {2, 3, 4}, nullptr}.count()), 24);
  EXPECT_EQ((ArrayView{DType::kFloat32, {2, 3, 4}, nullptr}.byte_size()), 96U);
  EXPECT_EQ((ArrayView{DType::kBFloat16, {5}, nullptr}.byte_size()), 10U);
}

TEST(ArrayTest, ZeroDimensionsAreOneElementAndAZeroExtentIsNone) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({3, 0, 5}), 0);
  EXPECT_EQ(element_count({INT64_MAX, INT64_MAX, 0}), 0);
}

TEST(ArrayTest, RefusesNegativeExtentsAndOverflow) {
  EXPECT_EQ(error_of<ShapeError>([] { element_count({2, -1}); }),
            "store: a shape has no negative extent, got [2, -1]");
  EXPECT_NE(error_of<ShapeError>([] { element_count({INT64_MAX, 2}); }), "");
  EXPECT_NE(error_of<ShapeError>(
                [] { (void)ArrayView{DType::kFloat64, {INT64_MAX / 4}, nullptr}.byte_size(); }),
            "");
}

}  // namespace
}  // namespace kith::host
