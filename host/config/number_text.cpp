// SPDX-License-Identifier: Apache-2.0
#include "config/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace kith::host {

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer;  // the longest shortest form has 24 characters
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return std::string(buffer.data(), result.ptr);
}

std::string toml_float(double number) {
  std::string text = number_text(number);
  if (text.find_first_of(".einf") == std::string::npos) text += ".0";
  return text;
}

}  // namespace kith::host
