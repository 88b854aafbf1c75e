// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <kith/option.hpp>
#include <string_view>

/// The metadata note: what a plugin says about itself in its file, read by the host without running
/// anything.
///
/// An ELF note "kith", type 1: "KTN1", u32 size of the descriptor, then entries { u16 key, u16
/// flags, u32 length, bytes, zeros up to a multiple of 4 }, all little-endian. A reader refuses an
/// unknown key whose flag bit 0 (critical) is set and skips others.
namespace kith {

/// Who the plugin is.
struct Identity {
  std::string_view
      id;  ///< reverse DNS, lower case; the last part is its short name: "org.lab.my_loss"
  std::string_view version;  ///< "1.2.0"
  std::string_view licence;  ///< SPDX
  std::string_view summary;  ///< one sentence
  std::string_view authors{};
  std::string_view url{};
};

namespace detail {

/// A small whole number as text, at compile time.
struct Decimal {
  char digits[12]{};
  std::size_t n = 0;
  constexpr explicit Decimal(int value) {
    char reversed[12]{};
    std::size_t k = 0;
    do reversed[k++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) > 0);
    while (k > 0) digits[n++] = reversed[--k];
  }
  constexpr std::string_view view() const { return {digits, n}; }
};

enum NoteKey : std::uint16_t {
  kNoteTier = 1,
  kNoteSdkVersion = 2,
  kNoteId = 3,
  kNoteVersion = 4,
  kNoteLicence = 5,
  kNoteSummary = 6,
  kNoteInterface = 7,
  kNoteRequiredService = 8,
  kNoteOptionalService = 9,
  kNoteCompiler = 10,
  kNoteOption = 11,
  kNoteFact = 12,
  kNoteAuthors = 13,
  kNoteUrl = 14,
};

enum OptionKey : std::uint16_t {
  kOptionName = 1,
  kOptionType = 2,
  kOptionList = 3,
  kOptionDefault = 4,
  kOptionMin = 5,
  kOptionMax = 6,
  kOptionUnit = 7,
  kOptionHelp = 8,
  kOptionChoice = 9,
  kOptionPluginKind = 10,
  kOptionPreset = 11,
};

/// Of the entries in a kOptionPreset.
enum PresetKey : std::uint16_t {
  kPresetOption = 1,
  kPresetWord = 2,
  kPresetValue = 3,
  kPresetMeasure = 4,
};

inline constexpr std::uint16_t kCritical = 1;

/// Writes entries to a buffer, or only counts their bytes where there is none. Used at compile time
/// only.
class NoteWriter {
 public:
  constexpr explicit NoteWriter(unsigned char* out = nullptr) : out_(out) {}

  constexpr std::size_t size() const { return at_; }

  /// A service that the plugin cannot do without.
  constexpr void service(std::string_view id) { text(kNoteRequiredService, id, kCritical); }
  constexpr void optional_service(std::string_view id) { text(kNoteOptionalService, id); }

  /// Something that the plugin declares about itself; which facts there are is the kind's affair.
  constexpr void fact(std::string_view group, std::string_view name, std::string_view value,
                      std::string_view flags) {
    const std::size_t start = begin(kNoteFact);
    for (std::string_view part : {group, name, value, flags}) {
      u32(static_cast<std::uint32_t>(part.size()));
      bytes(part);
    }
    end(start);
  }

  constexpr void text(std::uint16_t key, std::string_view value, std::uint16_t flags = 0) {
    const std::size_t start = begin(key, flags);
    bytes(value);
    end(start);
  }

  constexpr void option(const Option& o) {
    const std::size_t start = begin(kNoteOption);
    text(kOptionName, o.name);
    const std::size_t type = begin(kOptionType);
    u32(static_cast<std::uint32_t>(o.type));
    end(type);
    if (o.is_list) {
      const std::size_t list = begin(kOptionList);
      u32(o.min_length);
      u32(o.max_length);
      end(list);
    }
    for (std::size_t i = 0; i < o.n_defaults; ++i) scalar(kOptionDefault, o.type, o.defaults[i]);
    if (o.has_range) {
      const OptionType number = o.type == OptionType::kInt ? OptionType::kInt : OptionType::kReal;
      scalar(kOptionMin, number, o.min);
      scalar(kOptionMax, number, o.max);
    }
    if (!o.unit_text.empty()) text(kOptionUnit, o.unit_text);
    text(kOptionHelp, o.help_text);
    for (std::size_t i = 0; i < o.n_choices; ++i) text(kOptionChoice, o.choices[i]);
    if (!o.plugin_kind.empty()) text(kOptionPluginKind, o.plugin_kind);
    for (std::size_t i = 0; i < o.n_presets; ++i) preset(o.presets[i]);
    end(start);
  }

  constexpr void u32(std::uint32_t value) {
    for (int i = 0; i < 4; ++i) byte(static_cast<unsigned char>(value >> (8 * i)));
  }
  constexpr void bytes(std::string_view value) {
    for (char c : value) byte(static_cast<unsigned char>(c));
  }

 private:
  /// Critical: a host that does not know it would hand the plugin a word without its values.
  constexpr void preset(const Preset& p) {
    const std::size_t start = begin(kOptionPreset, kCritical);
    text(kPresetOption, p.option);
    text(kPresetWord, p.word);
    for (std::size_t i = 0; i < p.n_values; ++i)
      scalar(kPresetValue, OptionType::kReal, {.real = p.values[i]});
    if (p.measure != Measure::kNone) {
      const std::size_t measure = begin(kPresetMeasure);
      u32(static_cast<std::uint32_t>(p.measure));
      end(measure);
    }
    end(start);
  }

  constexpr void scalar(std::uint16_t key, OptionType type, const Option::Value& value) {
    const std::size_t start = begin(key);
    switch (type) {
      case OptionType::kBool:
        byte(value.integer != 0 ? 1 : 0);
        break;
      case OptionType::kInt:
        u64(static_cast<std::uint64_t>(value.integer));
        break;
      case OptionType::kReal:
        u64(std::bit_cast<std::uint64_t>(value.real));
        break;
      case OptionType::kSchedule:
        u32(static_cast<std::uint32_t>(value.schedule.kind));
        u32(0);
        u64(std::bit_cast<std::uint64_t>(value.schedule.start));
        u64(std::bit_cast<std::uint64_t>(value.schedule.end));
        break;
      default:
        bytes(value.text);
    }
    end(start);
  }

  constexpr std::size_t begin(std::uint16_t key, std::uint16_t flags = 0) {
    byte(static_cast<unsigned char>(key & 0xff));
    byte(static_cast<unsigned char>(key >> 8));
    byte(static_cast<unsigned char>(flags & 0xff));
    byte(static_cast<unsigned char>(flags >> 8));
    u32(0);  // the length, known at end()
    return at_;
  }
  constexpr void end(std::size_t start) {
    const auto length = static_cast<std::uint32_t>(at_ - start);
    if (out_ != nullptr)
      for (std::size_t i = 0; i < 4; ++i)
        out_[start - 4 + i] = static_cast<unsigned char>(length >> (8 * i));
    while (at_ % 4 != 0) byte(0);
  }
  constexpr void u64(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(value >> (8 * i)));
  }
  constexpr void byte(unsigned char value) {
    if (out_ != nullptr) out_[at_] = value;
    ++at_;
  }

  unsigned char* out_;
  std::size_t at_ = 0;
};

consteval void check_identity(const Identity& who) {
  const std::size_t dot = who.id.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !is_snake_case(who.id.substr(dot + 1)))
    throw "kith: an identity's id is reverse DNS and ends in a snake_case name: "
          "\"org.lab.my_loss\"";
  for (char c : who.id)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
      throw "kith: an identity's id has lower-case letters, digits, '_', '-' and '.' only";
  if (who.version.empty()) throw "kith: an identity needs a version";
  if (who.licence.empty()) throw "kith: an identity needs a licence (SPDX)";
  if (who.summary.empty()) throw "kith: an identity needs a summary of one sentence";
}

#if defined(__clang__)
inline constexpr std::string_view kCompiler = "clang++ " __clang_version__;
#else
inline constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

/// `Plugin` has: identity; kInterface, describe and services (from its kind's base class); options,
/// if it has any.
template <class Plugin>
consteval void write_descriptor(NoteWriter& w, std::uint32_t total) {
  constexpr Identity who = Plugin::identity;
  check_identity(who);
  w.bytes("KTN1");
  w.u32(total);
  w.text(kNoteTier, KITH_ABI, kCritical);
  w.text(kNoteSdkVersion, KITH_SDK_VERSION, kCritical);
  w.text(kNoteId, who.id, kCritical);
  w.text(kNoteVersion, who.version);
  w.text(kNoteLicence, who.licence);
  w.text(kNoteSummary, who.summary);
  w.text(kNoteInterface, Plugin::kInterface, kCritical);
  w.text(kNoteCompiler, kCompiler);
  if (!who.authors.empty()) w.text(kNoteAuthors, who.authors);
  if (!who.url.empty()) w.text(kNoteUrl, who.url);
  Plugin::template services<Plugin>(w);
  if constexpr (requires { Plugin::options.size(); })
    for (const Option& option : Plugin::options) w.option(option);
  Plugin::template describe<Plugin>(w);
}

/// A whole ELF note, as it stands in the section.
template <std::size_t N>
struct alignas(4) Note {
  std::uint32_t name_size = 5;
  std::uint32_t descriptor_size = N;
  std::uint32_t type = 1;
  char name[8] = {'k', 'i', 't', 'h', 0, 0, 0, 0};
  std::array<unsigned char, N> descriptor{};
};

template <class Plugin>
consteval std::size_t descriptor_size() {
  NoteWriter counter;
  write_descriptor<Plugin>(counter, 0);
  return counter.size();
}

template <class Plugin>
consteval auto make_note() {
  Note<descriptor_size<Plugin>()> note;
  NoteWriter writer(note.descriptor.data());
  write_descriptor<Plugin>(writer, static_cast<std::uint32_t>(note.descriptor.size()));
  return note;
}

}  // namespace detail
}  // namespace kith
