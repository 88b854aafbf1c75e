// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <cstdint>
#include <kith/error.hpp>
#include <kith/option.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// The values of a plugin's options, resolved and checked by the host: every declared option is
/// there. A view: valid during the call that it is handed to. Every getter throws ConfigError if
/// the name or the type is not as declared.
class Options {
 public:
  Options(const kith_arg* args, std::uint32_t count) : args_(args), count_(count) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::uint32_t size() const { return count_; }
  const kith_arg* data() const { return args_; }

  bool boolean(std::string_view name) const { return get(name, KITH_BOOL, "a boolean").v.i != 0; }
  std::int64_t integer(std::string_view name) const {
    return get(name, KITH_INT, "an integer").v.i;
  }
  double real(std::string_view name) const {
    const kith_value* value = find(name);
    if (value != nullptr && value->tag == KITH_INT) return static_cast<double>(value->v.i);
    return get(name, KITH_DOUBLE, "a number").v.d;
  }
  /// Of text, choice and path options; of a plugin option its name.
  std::string text(std::string_view name) const {
    const kith_value* value = find(name);
    if (value != nullptr && value->tag == KITH_TABLE) return table(name).text("plugin");
    const kith_value& string = get(name, KITH_STRING, "text");
    return {string.v.text, string.count};
  }
  std::vector<double> reals(std::string_view name) const {
    const kith_value* value = find(name);
    if (value != nullptr && value->tag == KITH_INTS)
      return {value->v.ints, value->v.ints + value->count};
    const kith_value& list = get(name, KITH_DOUBLES, "a list of numbers");
    return {list.v.doubles, list.v.doubles + list.count};
  }
  std::vector<std::int64_t> integers(std::string_view name) const {
    const kith_value& list = get(name, KITH_INTS, "a list of integers");
    return {list.v.ints, list.v.ints + list.count};
  }
  std::vector<std::string> texts(std::string_view name) const {
    const kith_value& list = get(name, KITH_STRINGS, "a list of texts");
    std::vector<std::string> out;
    out.reserve(list.count);
    for (std::uint32_t i = 0; i < list.count; ++i)
      out.emplace_back(list.v.strings[i].data, list.v.strings[i].size);
    return out;
  }
  /// A number (constant), or a table { kind: text, start: number, end: number }.
  Schedule schedule(std::string_view name) const {
    const kith_value* value = find(name);
    if (value == nullptr || value->tag != KITH_TABLE) return constant(real(name));
    const Options parts = table(name);
    const std::string kind = parts.text("kind");
    const double start = parts.real("start");
    const double end = parts.real("end");
    if (kind == "constant") return constant(start);
    if (kind == "cosine") return cosine(start, end);
    if (kind == "linear") return linear(start, end);
    throw ConfigError("options: schedule '" + std::string(name) +
                      "' must be of kind constant, cosine or linear, got '" + kind + "'");
  }
  /// The table of a plugin option: "plugin" and that plugin's options.
  Options table(std::string_view name) const {
    const kith_value& nested = get(name, KITH_TABLE, "a table");
    return {nested.v.table, nested.count};
  }

 private:
  const kith_value* find(std::string_view name) const {
    for (std::uint32_t i = 0; i < count_; ++i)
      if (args_[i].name != nullptr && name == args_[i].name) return &args_[i].value;
    return nullptr;
  }
  const kith_value& get(std::string_view name, std::uint32_t tag, const char* wanted) const {
    const kith_value* value = find(name);
    if (value == nullptr)
      throw ConfigError("options: no option '" + std::string(name) +
                        "' was declared; add it to the plugin's kith::options(...)");
    if (value->tag != tag)
      throw ConfigError("options: '" + std::string(name) + "' was asked for as " + wanted +
                        ", but it was declared as another type");
    return *value;
  }

  const kith_arg* args_;
  std::uint32_t count_;
};

}  // namespace kith
