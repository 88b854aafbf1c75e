// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace kith {

/// How a scheduled number moves over the run.
enum class ScheduleKind : std::uint32_t { kConstant = 0, kCosine = 1, kLinear = 2 };

/// A number that moves from `start` at the first step to `end` at the last; constant: always
/// `start`.
struct Schedule {
  ScheduleKind kind = ScheduleKind::kConstant;
  double start = 0;
  double end = 0;
};

constexpr Schedule constant(double value) { return {ScheduleKind::kConstant, value, value}; }
constexpr Schedule cosine(double start, double end) { return {ScheduleKind::kCosine, start, end}; }
constexpr Schedule linear(double start, double end) { return {ScheduleKind::kLinear, start, end}; }

enum class OptionType : std::uint32_t {
  kBool = 0,
  kInt = 1,
  kReal = 2,
  kString = 3,
  kChoice = 4,
  kPath = 5,
  kPlugin = 6,
  kSchedule = 7,
};

/// What the host can measure on the images of train (val is not among them): by channel, over all
/// pixels, of values in [0, 1].
enum class Measure : std::uint32_t { kNone = 0, kChannelMean = 1, kChannelStd = 2 };

/// The values of a list of numbers where a choice option has a certain word; see Option::when.
struct Preset {
  static constexpr std::size_t kMaxValues = 4;

  std::string_view option{};
  std::string_view word{};
  std::array<double, kMaxValues> values{};
  std::size_t n_values = 0;
  Measure measure = Measure::kNone;  ///< in place of values
};

/// The declaration of one option: what the host needs to check a TOML value before any code of the
/// plugin runs. Made with `real`, `integer`, ... below. A mistake in it (a default out of range, no
/// help) is a compile-time error.
class Option {
 public:
  static constexpr std::size_t kMaxValues = 32;
  static constexpr std::size_t kMaxPresets = 8;

  struct Value {
    std::int64_t integer = 0;
    double real = 0;
    std::string_view text{};
    Schedule schedule{};
  };

  constexpr Option(std::string_view option_name, OptionType option_type)
      : name(option_name), type(option_type) {}

  /// The closed range of each value. Demanded of every number; of an integer both ends are
  /// integers.
  template <class A, class B>
  constexpr Option range(A low, B high) const {
    static_assert(std::is_arithmetic_v<A> && std::is_arithmetic_v<B>);
    Option o = *this;
    if (type == OptionType::kInt && !(std::is_integral_v<A> && std::is_integral_v<B>))
      throw "kith: the range of an integer option must be given as integers";
    if (type != OptionType::kInt && type != OptionType::kReal && type != OptionType::kSchedule)
      throw "kith: only a number has a range";
    o.min.integer = static_cast<std::int64_t>(low);
    o.max.integer = static_cast<std::int64_t>(high);
    o.min.real = static_cast<double>(low);
    o.max.real = static_cast<double>(high);
    o.has_range = true;
    return o;
  }

  /// How many values a list may have, inclusive.
  constexpr Option length(std::uint32_t shortest, std::uint32_t longest) const {
    if (!is_list) throw "kith: only a list has a length";
    Option o = *this;
    o.min_length = shortest;
    o.max_length = longest;
    return o;
  }

  /// "px", "fraction of the circle", ...
  constexpr Option unit(std::string_view text) const {
    Option o = *this;
    o.unit_text = text;
    return o;
  }

  /// One sentence on what the option does. Demanded.
  constexpr Option help(std::string_view text) const {
    Option o = *this;
    o.help_text = text;
    return o;
  }

  /// The values of this list where the choice option `choice` has the word `word`, which is not its
  /// first: one of several known sets, or what the host measures. The plugin is given the values,
  /// and `choice` at its first word; the experiment may then not write this option as well.
  template <class... Numbers>
  constexpr Option when(std::string_view choice, std::string_view word, Numbers... numbers) const {
    static_assert((std::is_arithmetic_v<Numbers> && ...));
    static_assert(sizeof...(Numbers) <= Preset::kMaxValues);
    return with_preset({choice, word, {static_cast<double>(numbers)...}, sizeof...(Numbers)});
  }
  constexpr Option when(std::string_view choice, std::string_view word, Measure measure) const {
    return with_preset({choice, word, {}, 0, measure});
  }

  constexpr void add_default(const Value& value) {
    if (n_defaults == kMaxValues) throw "kith: an option's default has at most 32 values";
    defaults[n_defaults++] = value;
  }
  constexpr void add_choice(std::string_view choice) {
    if (n_choices == kMaxValues) throw "kith: an option has at most 32 choices";
    choices[n_choices++] = choice;
  }

  std::string_view name;
  OptionType type;
  bool is_list = false;
  bool has_range = false;
  std::uint32_t min_length = 0;
  std::uint32_t max_length = 1024;
  std::array<Value, kMaxValues> defaults{};
  std::size_t n_defaults = 0;
  Value min{}, max{};
  std::string_view unit_text{};
  std::string_view help_text{};
  std::array<std::string_view, kMaxValues> choices{};
  std::size_t n_choices = 0;
  std::string_view plugin_kind{};
  std::array<Preset, kMaxPresets> presets{};
  std::size_t n_presets = 0;

 private:
  constexpr Option with_preset(const Preset& preset) const {
    if (type != OptionType::kReal || !is_list) throw "kith: only reals() have .when()";
    if (n_presets == kMaxPresets) throw "kith: an option has at most 8 .when()";
    Option o = *this;
    o.presets[o.n_presets++] = preset;
    return o;
  }
};

namespace detail {

constexpr bool is_snake_case(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

constexpr bool in_range(const Option& o, const Option::Value& v) {
  switch (o.type) {
    case OptionType::kInt:
      return o.min.integer <= v.integer && v.integer <= o.max.integer;
    case OptionType::kReal:
      return o.min.real <= v.real && v.real <= o.max.real;
    case OptionType::kSchedule:
      return o.min.real <= v.schedule.start && v.schedule.start <= o.max.real &&
             o.min.real <= v.schedule.end && v.schedule.end <= o.max.real;
    default:
      return true;
  }
}

constexpr void check_option(const Option& o) {
  if (!is_snake_case(o.name)) throw "kith: an option's name is snake_case";
  if (o.help_text.empty()) throw "kith: an option needs .help(\"one sentence\")";
  const bool number =
      o.type == OptionType::kInt || o.type == OptionType::kReal || o.type == OptionType::kSchedule;
  if (number) {
    constexpr double kLargest = 1.7976931348623157e308;
    if (!o.has_range) throw "kith: a number needs .range(min, max)";
    if (!(o.min.real <= o.max.real) || o.min.real < -kLargest || o.max.real > kLargest)
      throw "kith: a range is finite and its min is at most its max";
    for (std::size_t i = 0; i < o.n_defaults; ++i)
      if (!in_range(o, o.defaults[i])) throw "kith: a default lies outside the option's range";
  }
  if (o.is_list &&
      (o.min_length > o.max_length || o.n_defaults < o.min_length || o.n_defaults > o.max_length))
    throw "kith: a list's default does not have a length that .length() allows";
  for (std::size_t i = 0; i < o.n_presets; ++i) {
    const Preset& p = o.presets[i];
    if (p.measure != Measure::kNone) continue;
    if (p.n_values < o.min_length || p.n_values > o.max_length)
      throw "kith: .when() does not have a length that .length() allows";
    for (std::size_t j = 0; j < p.n_values; ++j)
      if (!(o.min.real <= p.values[j] && p.values[j] <= o.max.real))
        throw "kith: a number of .when() lies outside the option's range";
  }
}

/// Is there a choice option with this word, which is not its first?
template <std::size_t N>
constexpr bool has_word(const std::array<Option, N>& all, const Preset& preset) {
  for (const Option& o : all)
    for (std::size_t i = 1; i < o.n_choices; ++i)
      if (o.name == preset.option && o.choices[i] == preset.word) return true;
  return false;
}

}  // namespace detail

constexpr Option boolean(std::string_view name, bool value) {
  Option o(name, OptionType::kBool);
  o.add_default({.integer = value ? 1 : 0});
  return o;
}

constexpr Option integer(std::string_view name, std::int64_t value) {
  Option o(name, OptionType::kInt);
  o.add_default({.integer = value});
  return o;
}

constexpr Option real(std::string_view name, double value) {
  Option o(name, OptionType::kReal);
  o.add_default({.real = value});
  return o;
}

constexpr Option text(std::string_view name, std::string_view value) {
  Option o(name, OptionType::kString);
  o.add_default({.text = value});
  return o;
}

/// A file or folder; relative ones are taken from the experiment's folder. Empty: none.
constexpr Option path(std::string_view name, std::string_view value) {
  Option o(name, OptionType::kPath);
  o.add_default({.text = value});
  return o;
}

/// One of a few words; the first is the default.
template <class... Rest>
constexpr Option choice(std::string_view name, std::string_view first, const Rest&... rest) {
  Option o(name, OptionType::kChoice);
  o.add_default({.text = first});
  o.add_choice(first);
  (o.add_choice(std::string_view(rest)), ...);
  return o;
}

/// Another plugin of the given kind ("loss"); its options stand in the same table of the
/// experiment.
///
/// @param value  its short name or id.
constexpr Option plugin(std::string_view name, std::string_view kind, std::string_view value) {
  Option o(name, OptionType::kPlugin);
  o.plugin_kind = kind;
  o.add_default({.text = value});
  return o;
}

/// A number that may move over the run: in TOML a number or `{ kind = "cosine", start = 0.99, end
/// = 1.0 }`.
constexpr Option schedule(std::string_view name, Schedule value) {
  Option o(name, OptionType::kSchedule);
  o.add_default({.schedule = value});
  return o;
}
constexpr Option schedule(std::string_view name, double value) {
  return schedule(name, constant(value));
}

template <class... Numbers>
constexpr Option reals(std::string_view name, Numbers... values) {
  Option o(name, OptionType::kReal);
  o.is_list = true;
  (o.add_default({.real = static_cast<double>(values)}), ...);
  return o;
}

template <class... Numbers>
constexpr Option integers(std::string_view name, Numbers... values) {
  static_assert((std::is_integral_v<Numbers> && ...), "integers() takes integers");
  Option o(name, OptionType::kInt);
  o.is_list = true;
  (o.add_default({.integer = static_cast<std::int64_t>(values)}), ...);
  return o;
}

template <class... Texts>
constexpr Option texts(std::string_view name, const Texts&... values) {
  Option o(name, OptionType::kString);
  o.is_list = true;
  (o.add_default({.text = std::string_view(values)}), ...);
  return o;
}

/// All options of a plugin: `static constexpr auto options = kith::options(kith::real(...), ...);`
template <class... O>
constexpr std::array<Option, sizeof...(O)> options(const O&... declared) {
  std::array<Option, sizeof...(O)> all{Option(declared)...};
  for (std::size_t i = 0; i < all.size(); ++i) {
    detail::check_option(all[i]);
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].name == all[j].name) throw "kith: two options have one name";
    for (std::size_t j = 0; j < all[i].n_presets; ++j)
      if (!detail::has_word(all, all[i].presets[j]))
        throw "kith: .when() names no choice option with that word, or its first word";
  }
  return all;
}

}  // namespace kith
