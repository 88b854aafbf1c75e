// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/plugin_use.h"

namespace kith::host {

/// The mistakes found so far, so that a person sees all of them at once.
class Problems {
 public:
  struct Mistake {
    std::string text;
    SourcePlace place;
  };

  /// Notes a mistake: "who: what is wrong, what was wanted, what came"; the place is added here.
  void add(std::string text, const SourcePlace& place);

  /// Notes a thing that a person should know and that stops nothing.
  void warn(const std::string& text, const SourcePlace& place);

  std::size_t size() const { return mistakes_.size(); }

  /// @throws ConfigError  with a line for each mistake (a refused plugin: four) in the order of
  /// file, line and column (files in the order in
  ///                      which they first had one), and the count at the end; nothing if there are
  ///                      none.
  void raise(const std::string& file) const;

  /// Each with its place, in the order in which they came.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// In the order in which they were found.
  const std::vector<Mistake>& mistakes() const { return mistakes_; }

 private:
  std::vector<Mistake> mistakes_;
  std::vector<std::string> warnings_;
};

/// The text with each line break as \\n, so that what a person wrote stays on one line of a
/// message.
std::string one_line(std::string_view text);

/// "; did you mean 'epochs'?", or if no name is near "; there are: 'a', 'b'" (at most 12), or with
/// no names "".
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view quote = "'");

}  // namespace kith::host
