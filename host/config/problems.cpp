// SPDX-License-Identifier: Apache-2.0
#include "config/problems.h"

#include <algorithm>
#include <kith/error.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "plugin/nearest_name.h"

namespace kith::host {

namespace {

constexpr std::size_t kMaxListedNames = 12;

/// The place goes behind the first line: the refusal of a plugin has more.
std::string with_place(const std::string& text, const SourcePlace& place) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  return text.substr(0, end) + " (" + to_text(place) + ")" + text.substr(end);
}

}  // namespace

void Problems::add(std::string text, const SourcePlace& place) {
  mistakes_.push_back({std::move(text), place});
}

void Problems::warn(const std::string& text, const SourcePlace& place) {
  warnings_.push_back(with_place(text, place));
}

void Problems::raise(const std::string& file) const {
  if (mistakes_.empty()) return;
  std::vector<std::string> files;
  for (const Mistake& mistake : mistakes_) {
    if (std::find(files.begin(), files.end(), mistake.place.file) == files.end()) {
      files.push_back(mistake.place.file);
    }
  }
  const auto rank = [&files](const Mistake& mistake) {
    return std::tuple(std::find(files.begin(), files.end(), mistake.place.file) - files.begin(),
                      mistake.place.line, mistake.place.column);
  };
  std::vector<Mistake> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Mistake& a, const Mistake& b) { return rank(a) < rank(b); });
  std::string text;
  for (const Mistake& mistake : sorted) {
    text += with_place(mistake.text, mistake.place) + "\n";
  }
  text +=
      std::to_string(sorted.size()) + (sorted.size() == 1 ? " error" : " errors") + " in " + file;
  throw ConfigError(text);
}

std::string one_line(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view quote) {
  const auto quoted = [quote](const std::string& name) {
    return std::string(quote) + name + std::string(quote);
  };
  if (const std::optional<std::string> nearest = nearest_name(wrong, names)) {
    return "; did you mean " + quoted(*nearest) + "?";
  }
  if (names.empty()) return "";
  std::string text = "; there are: ";
  for (std::size_t i = 0; i < names.size() && i < kMaxListedNames; ++i) {
    text += (i == 0 ? "" : ", ") + quoted(names[i]);
  }
  if (names.size() > kMaxListedNames) text += ", ...";
  return text;
}

}  // namespace kith::host
