// SPDX-License-Identifier: Apache-2.0
#include "plugin/note_option.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "plugin/note_entries.h"

namespace kith::host {
namespace {

constexpr std::uint32_t kLastType = static_cast<std::uint32_t>(OptionType::kSchedule);

/// The raw entries: how a value is read depends on the type, which may stand behind it.
struct RawOption {
  std::optional<std::uint32_t> type;
  std::vector<std::span<const std::byte>> defaults;
  std::span<const std::byte> min, max;
};

double note_real(std::span<const std::byte> bytes) {
  if (bytes.size() != 8) throw NoteError("a number has a wrong size");
  const double value = std::bit_cast<double>(note_u64(bytes));
  if (!std::isfinite(value)) throw NoteError("a number is not finite");
  return value;
}

std::int64_t note_int(std::span<const std::byte> bytes) {
  if (bytes.size() != 8) throw NoteError("an integer has a wrong size");
  return static_cast<std::int64_t>(note_u64(bytes));
}

Schedule note_schedule(std::span<const std::byte> bytes) {
  if (bytes.size() != 24) throw NoteError("a schedule has a wrong size");
  static constexpr const char* kKinds[] = {"constant", "cosine", "linear"};
  const std::uint32_t kind = note_u32(bytes);
  if (kind > 2) throw NoteError("a schedule has an unknown kind");
  return {kKinds[kind], note_real(bytes.subspan(8, 8)), note_real(bytes.subspan(16, 8))};
}

OptionScalar note_scalar(OptionType type, std::span<const std::byte> bytes) {
  switch (type) {
    case OptionType::kBool:
      if (bytes.size() != 1 || static_cast<unsigned>(bytes[0]) > 1)
        throw NoteError("a boolean is neither 0 nor 1");
      return static_cast<unsigned>(bytes[0]) == 1;
    case OptionType::kInt:
      return note_int(bytes);
    case OptionType::kReal:
      return note_real(bytes);
    case OptionType::kSchedule:
      return note_schedule(bytes);
    default:
      return note_text(bytes);
  }
}

bool is_number(OptionType type) {
  return type == OptionType::kInt || type == OptionType::kReal || type == OptionType::kSchedule;
}

bool in_order(const OptionSpec& o) {
  if (o.type == OptionType::kInt)
    return std::get<std::int64_t>(*o.min) <= std::get<std::int64_t>(*o.max);
  return std::get<double>(*o.min) <= std::get<double>(*o.max);
}

bool in_range(const OptionSpec& o, const OptionScalar& value) {
  if (o.type == OptionType::kInt) {
    const auto v = std::get<std::int64_t>(value);
    return std::get<std::int64_t>(*o.min) <= v && v <= std::get<std::int64_t>(*o.max);
  }
  const auto fits = [&](double v) {
    return std::get<double>(*o.min) <= v && v <= std::get<double>(*o.max);
  };
  if (o.type == OptionType::kReal) return fits(std::get<double>(value));
  const Schedule& schedule = std::get<Schedule>(value);
  return fits(schedule.start) && fits(schedule.end);
}

void check_option(const OptionSpec& o) {
  const auto fail = [&](const std::string& what) {
    throw NoteError("option '" + o.name + "' " + what);
  };
  if (o.name.empty()) throw NoteError("an option has no name");
  if (!o.is_list && o.defaults.size() != 1) fail("must have one default");
  if (o.is_list && (o.min_length > o.max_length || o.defaults.size() < o.min_length ||
                    o.defaults.size() > o.max_length))
    fail("has a default of a length that it does not allow");
  if (is_number(o.type)) {
    if (!o.min || !o.max) fail("has no range");
    if (!in_order(o)) fail("has a range whose ends are the wrong way round");
    for (const OptionScalar& value : o.defaults)
      if (!in_range(o, value)) fail("has a default outside its range");
  }
  if (o.type == OptionType::kChoice) {
    if (o.choices.empty()) fail("has no choices");
    for (const OptionScalar& value : o.defaults)
      if (std::find(o.choices.begin(), o.choices.end(), std::get<std::string>(value)) ==
          o.choices.end())
        fail("has a default that is none of its choices");
  }
  if (o.type == OptionType::kPlugin && o.plugin_kind.empty()) fail("does not say which kind it is");
  for (const OptionPreset& preset : o.presets) {
    if (o.type != OptionType::kReal || !o.is_list) fail("has presets and is no list of numbers");
    if (preset.measured.empty() == preset.values.empty())
      fail("has a preset with neither or both of values and a measure");
    if (!preset.measured.empty()) continue;
    if (preset.values.size() < o.min_length || preset.values.size() > o.max_length)
      fail("has a preset of a length that it does not allow");
    for (const OptionScalar& value : preset.values)
      if (!in_range(o, value)) fail("has a preset outside its range");
  }
}

OptionPreset note_preset(std::span<const std::byte> bytes) {
  static constexpr const char* kMeasures[] = {"channel_mean", "channel_std"};
  OptionPreset out;
  NoteEntries entries(bytes);
  while (const std::optional<NoteEntry> entry = entries.next()) {
    if (entry->key == 1) {
      out.option = note_text(entry->bytes);
    } else if (entry->key == 2) {
      out.word = note_text(entry->bytes);
    } else if (entry->key == 3) {
      out.values.emplace_back(note_real(entry->bytes));
    } else if (entry->key == 4) {
      const std::uint32_t measure = note_u32(entry->bytes);
      if (measure < 1 || measure > std::size(kMeasures))
        throw NoteError("an option is to be measured in an unknown way");
      out.measured = kMeasures[measure - 1];
    } else if (entry->critical()) {
      throw UnknownKey(entry->key);
    }
  }
  return out;
}

void add_entry(OptionSpec& out, RawOption& raw, const NoteEntry& entry) {
  switch (entry.key) {
    case 1:
      out.name = note_text(entry.bytes);
      return;
    case 2:
      raw.type = note_u32(entry.bytes);
      return;
    case 3:
      if (entry.bytes.size() != 8) throw NoteError("a list's lengths are cut off");
      out.is_list = true;
      out.min_length = note_u32(entry.bytes);
      out.max_length = note_u32(entry.bytes.subspan(4));
      return;
    case 4:
      raw.defaults.push_back(entry.bytes);
      return;
    case 5:
      raw.min = entry.bytes;
      return;
    case 6:
      raw.max = entry.bytes;
      return;
    case 7:
      out.unit = note_text(entry.bytes);
      return;
    case 8:
      out.help = note_text(entry.bytes);
      return;
    case 9:
      out.choices.push_back(note_text(entry.bytes));
      return;
    case 10:
      out.plugin_kind = note_text(entry.bytes);
      return;
    case 11:
      out.presets.push_back(note_preset(entry.bytes));
      return;
    default:
      if (entry.critical()) throw UnknownKey(entry.key);
  }
}

}  // namespace

OptionSpec read_option(std::span<const std::byte> bytes) {
  OptionSpec out;
  RawOption raw;
  NoteEntries entries(bytes);
  while (const std::optional<NoteEntry> entry = entries.next()) add_entry(out, raw, *entry);
  if (!raw.type || *raw.type > kLastType)
    throw NoteError("option '" + out.name + "' has an unknown type");
  out.type = static_cast<OptionType>(*raw.type);
  for (const auto& value : raw.defaults) out.defaults.push_back(note_scalar(out.type, value));
  if (is_number(out.type)) {
    const OptionType number = out.type == OptionType::kInt ? OptionType::kInt : OptionType::kReal;
    if (!raw.min.empty()) out.min = note_scalar(number, raw.min);
    if (!raw.max.empty()) out.max = note_scalar(number, raw.max);
  }
  check_option(out);
  return out;
}

}  // namespace kith::host
