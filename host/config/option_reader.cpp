// SPDX-License-Identifier: Apache-2.0
#include "config/option_reader.h"

#include <utility>

#include "config/enum_names.h"
#include "config/read_value.h"
#include "config/table_reader.h"

namespace kith::host {

namespace {

enum class ScheduleShape { kConstant, kCosine, kLinear };
constexpr EnumName<ScheduleShape> kScheduleShapes[] = {{"constant", ScheduleShape::kConstant},
                                                       {"cosine", ScheduleShape::kCosine},
                                                       {"linear", ScheduleShape::kLinear}};

double as_double(const OptionScalar& scalar) {
  if (const auto* integer = std::get_if<std::int64_t>(&scalar))
    return static_cast<double>(*integer);
  return std::get<double>(scalar);
}

IntRange int_range_of(const OptionSpec& spec) {
  IntRange range;
  if (spec.min) range.low = std::get<std::int64_t>(*spec.min);
  if (spec.max) range.high = std::get<std::int64_t>(*spec.max);
  return range;
}

RealRange real_range_of(const OptionSpec& spec) {
  RealRange range;
  if (spec.min) range.low = as_double(*spec.min);
  if (spec.max) range.high = as_double(*spec.max);
  return range;
}

std::optional<Schedule> read_schedule(const OptionSpec& spec, const ConfigNode& node,
                                      const std::string& path, Problems& problems) {
  const RealRange range = real_range_of(spec);
  if (!node.is_table()) {
    if (node.kind != ConfigNode::Kind::kInt && node.kind != ConfigNode::Kind::kReal) {
      problems.add(path + ": must be a number" + range_text(range) +
                       " or a table { kind = \"cosine\", start = ..., end = ... }, got " +
                       describe(node),
                   node.where);
      return std::nullopt;
    }
    const std::optional<double> value = read_real(node, path, range, problems, spec.unit);
    if (!value) return std::nullopt;
    return Schedule{"constant", *value, *value};
  }
  TableReader reader(&node, path, node.where, problems);
  const ScheduleShape shape = reader.choice<ScheduleShape>("kind", kScheduleShapes, std::nullopt);
  Schedule schedule;
  schedule.kind = kScheduleShapes[static_cast<int>(shape)].text;
  schedule.start = reader.real("start", range, std::nullopt);
  // A wrong kind is read as a constant one, and has its own message.
  const ConfigNode* kind = node.find("kind");
  const bool constant = kind != nullptr && kind->is_text() && kind->text() == "constant";
  schedule.end = reader.real("end", range, constant ? std::optional(schedule.start) : std::nullopt);
  reader.finish();
  if (constant && schedule.end != schedule.start) {
    problems.add(path + ": the end of a constant schedule must equal its start, got " +
                     value_text(*node.find("end")) + "; a moving one is \"cosine\" or \"linear\"",
                 reader.place_of("end"));
  }
  return schedule;
}

/// One value of the option, or one item of its list.
std::optional<OptionScalar> read_scalar(const OptionSpec& spec, const ConfigNode& node,
                                        const std::string& path, Problems& problems) {
  const auto wrap = [](auto value) -> std::optional<OptionScalar> {
    if (!value) return std::nullopt;
    return OptionScalar(std::move(*value));
  };
  switch (spec.type) {
    case OptionType::kBool:
      return wrap(read_boolean(node, path, problems));
    case OptionType::kInt:
      return wrap(read_integer(node, path, int_range_of(spec), problems, spec.unit));
    case OptionType::kReal:
      return wrap(read_real(node, path, real_range_of(spec), problems, spec.unit));
    case OptionType::kString:
      return wrap(read_text_value(node, path, problems));
    case OptionType::kChoice:
      return wrap(read_choice(node, path, spec.choices, problems));
    case OptionType::kPath:
      return wrap(read_path(node, path, problems));
    case OptionType::kSchedule:
      return wrap(read_schedule(spec, node, path, problems));
    case OptionType::kPlugin:
      break;
  }
  return std::nullopt;
}

std::string length_text(const OptionSpec& spec) {
  const std::string low = std::to_string(spec.min_length);
  if (spec.max_length == 0)
    return "at least " + low + (spec.min_length == 1 ? " value" : " values");
  if (spec.min_length == spec.max_length)
    return low + (spec.min_length == 1 ? " value" : " values");
  return low + " to " + std::to_string(spec.max_length) + " values";
}

const char* plural_of(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return "true or false values";
    case OptionType::kInt:
      return "integers";
    case OptionType::kReal:
      return "numbers";
    case OptionType::kSchedule:
      return "schedules";
    case OptionType::kPath:
      return "paths";
    default:
      return "texts";
  }
}

}  // namespace

OptionValue default_value(const OptionSpec& spec, const std::filesystem::path& folder) {
  OptionValue value;
  value.name = spec.name;
  value.type = spec.type;
  value.is_list = spec.is_list;
  if (spec.type == OptionType::kPlugin) return value;
  value.values = spec.defaults;
  if (spec.type == OptionType::kPath) {
    for (OptionScalar& scalar : value.values) {
      std::string& text = std::get<std::string>(scalar);
      if (!text.empty()) text = (folder / text).lexically_normal().string();
    }
  }
  return value;
}

std::optional<OptionValue> read_option(const OptionSpec& spec, const ConfigNode& node,
                                       const std::string& path, Problems& problems) {
  OptionValue value;
  value.name = spec.name;
  value.type = spec.type;
  value.is_list = spec.is_list;
  value.where = node.where;
  if (!spec.is_list) {
    std::optional<OptionScalar> scalar = read_scalar(spec, node, path, problems);
    if (!scalar) return std::nullopt;
    value.values.push_back(std::move(*scalar));
    return value;
  }
  if (!node.is_list()) {
    problems.add(path + ": must be a list of " + plural_of(spec.type) + " (" + length_text(spec) +
                     "), got " + describe(node),
                 node.where);
    return std::nullopt;
  }
  const std::size_t size = node.items.size();
  bool fits = size >= spec.min_length && (spec.max_length == 0 || size <= spec.max_length);
  if (!fits) {
    problems.add(path + ": must have " + length_text(spec) + ", got " + std::to_string(size),
                 node.where);
  }
  for (std::size_t i = 0; i < size; ++i) {
    std::optional<OptionScalar> scalar =
        read_scalar(spec, node.items[i], join_keys(path, std::to_string(i)), problems);
    if (scalar) {
      value.values.push_back(std::move(*scalar));
    } else {
      fits = false;
    }
  }
  if (!fits) return std::nullopt;
  return value;
}

}  // namespace kith::host
