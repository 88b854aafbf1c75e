// SPDX-License-Identifier: Apache-2.0
#include "config/toml_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "config/number_text.h"

namespace kith::host {
namespace {

TEST(TomlWriterTest, WritesFloatsThatReadBackExactly) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    const double number =
        std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 1800) - 900);
    EXPECT_EQ(std::strtod(toml_float(number).c_str(), nullptr), number);
  }
  EXPECT_EQ(toml_float(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(toml_float(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
}

TEST(TomlWriterTest, WritesAFloatSoThatItStaysOne) {
  EXPECT_EQ(toml_float(3), "3.0");
  EXPECT_EQ(toml_float(-0.0), "-0.0");
  EXPECT_EQ(toml_float(0.1), "0.1");
  EXPECT_EQ(toml_float(1e-5), "1e-05");
  EXPECT_EQ(toml_float(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(toml_float(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(TomlWriterTest, EscapesWhatAStringCannotHold) {
  EXPECT_EQ(toml_string("a\"b\\c\n\x7f\xc3\xa9"), "\"a\\\"b\\\\c\\u000A\\u007F\xc3\xa9\"");
}

TEST(TomlWriterTest, QuotesAKeyOnlyWhereItMust) {
  EXPECT_EQ(toml_key("batch_size"), "batch_size");
  EXPECT_EQ(toml_key("train.gz"), "\"train.gz\"");
  EXPECT_EQ(toml_key(""), "\"\"");
}

TEST(TomlWriterTest, WritesLists) {
  EXPECT_EQ(toml_strings({"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ(toml_strings({}), "[]");
  EXPECT_EQ(toml_integers({1, -2}), "[1, -2]");
}

}  // namespace
}  // namespace kith::host
