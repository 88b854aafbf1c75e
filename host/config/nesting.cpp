// SPDX-License-Identifier: Apache-2.0
#include "config/nesting.h"

#include <cstddef>
#include <vector>

namespace kith::host {

namespace {

/// A list or an inline table that is not closed yet.
struct Open {
  int levels;  ///< itself and the tables of its key
  bool list;
};

class NestingScan {
 public:
  explicit NestingScan(std::string_view text) : text_(text) {}

  std::optional<TextPosition> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark, which TOML passes over
    while (at_ < text_.size()) {
      const std::size_t here = at_;
      step();
      if (depth() > kMostNesting) return position_of(here);
    }
    return std::nullopt;
  }

 private:
  int depth() const { return header_ + opened_ + dots_; }

  void step() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return skip_text(c);
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      return;
    }
    ++at_;
    if (c == '\n') return end_line();
    if (c != ' ' && c != '\t' && c != '\r') mark(c);
  }

  void mark(char c) {
    if (c == '[' && at_line_start_ && open_.empty()) {
      in_header_ = true;
      header_ = 0;
    } else if (c == '.' && !in_value_) {
      ++dots_;
    } else if (c == '=') {
      key_dots_ = dots_;
      begin(true);
    } else if (c == ',') {
      begin(in_list());
    } else if (!in_header_ && (c == '[' || c == '{')) {
      open_.push_back({key_dots_ + 1, c == '['});
      opened_ += open_.back().levels;
      key_dots_ = 0;
      begin(in_list());
    } else if (!in_header_ && (c == ']' || c == '}') && !open_.empty()) {
      opened_ -= open_.back().levels;
      open_.pop_back();
      key_dots_ = 0;
    }
    at_line_start_ = false;
  }

  /// A key comes, or a value.
  void begin(bool value) {
    in_value_ = value;
    dots_ = 0;
    if (!value) key_dots_ = 0;
  }

  bool in_list() const { return !open_.empty() && open_.back().list; }

  void end_line() {
    if (in_header_) header_ = dots_ + 1;
    in_header_ = false;
    at_line_start_ = true;
    begin(in_list());
  }

  /// Goes behind a text, whose first quote is here; one that is not closed ends with its line.
  void skip_text(char quote) {
    at_line_start_ = false;
    const std::string_view rest = text_.substr(at_);
    const bool many_lines = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    at_ += many_lines ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        ++at_;
      } else if (c == quote && (!many_lines || ends_here(quote))) {
        at_ += many_lines ? 3 : 1;
        return;
      } else if (c == '\n' && !many_lines) {
        return;
      }
    }
  }

  /// Whether three quotes stand here and no fourth: `""""` is a quote before the end.
  bool ends_here(char quote) const {
    const std::string_view rest = text_.substr(at_);
    return rest.size() >= 3 && rest[1] == quote && rest[2] == quote &&
           (rest.size() == 3 || rest[3] != quote);
  }

  TextPosition position_of(std::size_t offset) const {
    TextPosition position;
    for (std::size_t i = 0; i < offset; ++i) {
      ++position.column;
      if (text_[i] == '\n') position = {position.line + 1, 1};
    }
    return position;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool at_line_start_ = true;
  bool in_header_ = false;
  bool in_value_ = false;
  int header_ = 0;          ///< tables that the last header named
  std::vector<Open> open_;  ///< lists and inline tables that are not closed
  int opened_ = 0;          ///< levels of all of them
  int dots_ = 0;            ///< of the key that is being read
  int key_dots_ = 0;        ///< of the key whose value comes
};

}  // namespace

std::optional<TextPosition> find_deep_nesting(std::string_view text) {
  return NestingScan(text).run();
}

}  // namespace kith::host
