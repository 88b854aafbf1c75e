// SPDX-License-Identifier: Apache-2.0
#include "config/option_arguments.h"

#include <utility>

namespace kith::host {

namespace {

kith_value value_with(std::uint32_t tag, std::size_t count) {
  kith_value value{};
  value.tag = tag;
  value.count = static_cast<std::uint32_t>(count);
  return value;
}

}  // namespace

OptionArguments::OptionArguments(const std::vector<OptionValue>& options) {
  for (const OptionValue& option : options) {
    if (option.type == OptionType::kPlugin) continue;
    args_.push_back({texts_.emplace_back(option.name).c_str(), value_of(option)});
  }
}

kith_value OptionArguments::value_of(const OptionValue& option) {
  return option.is_list ? list_of(option) : scalar_of(option.values.at(0));
}

kith_value OptionArguments::scalar_of(const OptionScalar& scalar) {
  if (const bool* boolean = std::get_if<bool>(&scalar)) {
    kith_value value = value_with(KITH_BOOL, 0);
    value.v.i = *boolean ? 1 : 0;
    return value;
  }
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) {
    kith_value value = value_with(KITH_INT, 0);
    value.v.i = *integer;
    return value;
  }
  if (const double* real = std::get_if<double>(&scalar)) {
    kith_value value = value_with(KITH_DOUBLE, 0);
    value.v.d = *real;
    return value;
  }
  if (const auto* text = std::get_if<std::string>(&scalar)) return text_of(*text);
  return schedule_of(std::get<Schedule>(scalar));
}

kith_value OptionArguments::list_of(const OptionValue& option) {
  const std::size_t count = option.values.size();
  switch (option.type) {
    case OptionType::kBool:
    case OptionType::kInt: {
      std::vector<std::int64_t>& list = ints_.emplace_back();
      for (const OptionScalar& scalar : option.values) {
        const bool* boolean = std::get_if<bool>(&scalar);
        list.push_back(boolean != nullptr ? *boolean : std::get<std::int64_t>(scalar));
      }
      kith_value value = value_with(KITH_INTS, count);
      value.v.ints = list.data();
      return value;
    }
    case OptionType::kReal: {
      std::vector<double>& list = reals_.emplace_back();
      for (const OptionScalar& scalar : option.values) list.push_back(std::get<double>(scalar));
      kith_value value = value_with(KITH_DOUBLES, count);
      value.v.doubles = list.data();
      return value;
    }
    case OptionType::kSchedule: {
      std::vector<kith_arg> list;
      for (const OptionScalar& scalar : option.values) {
        list.push_back({nullptr, schedule_of(std::get<Schedule>(scalar))});
      }
      kith_value value = value_with(KITH_TABLE, count);
      value.v.table = tables_.emplace_back(std::move(list)).data();
      return value;
    }
    default: {
      std::vector<kith_text>& list = text_lists_.emplace_back();
      for (const OptionScalar& scalar : option.values) {
        const std::string& text = texts_.emplace_back(std::get<std::string>(scalar));
        list.push_back({text.data(), text.size()});
      }
      kith_value value = value_with(KITH_STRINGS, count);
      value.v.strings = list.data();
      return value;
    }
  }
}

kith_value OptionArguments::schedule_of(const Schedule& schedule) {
  kith_value start = value_with(KITH_DOUBLE, 0);
  start.v.d = schedule.start;
  kith_value end = value_with(KITH_DOUBLE, 0);
  end.v.d = schedule.end;
  std::vector<kith_arg>& table = tables_.emplace_back();
  table = {{"kind", text_of(schedule.kind)}, {"start", start}, {"end", end}};
  kith_value value = value_with(KITH_TABLE, table.size());
  value.v.table = table.data();
  return value;
}

kith_value OptionArguments::text_of(const std::string& text) {
  const std::string& kept = texts_.emplace_back(text);
  kith_value value = value_with(KITH_STRING, kept.size());
  value.v.text = kept.c_str();
  return value;
}

}  // namespace kith::host
