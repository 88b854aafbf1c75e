// SPDX-License-Identifier: Apache-2.0
#include "sweep/axis_reader.h"

#include <algorithm>
#include <utility>

namespace kith::host {
namespace {

constexpr std::size_t kMaxLabel = 60;

/// What a sweep sets itself, and the key that says how.
constexpr struct {
  const char* key;
  const char* instead;
} kOwnKeys[] = {{"seed", "the sweep's `seeds` says which"},
                {"extends", "name the file as the sweep's `experiment`"},
                {"data.read_test", "the sweep's `report_test` says whether test is read"}};

std::optional<Setting> make_setting(const std::string& key, const ConfigNode& value,
                                    const SourcePlace& where, const std::string& path,
                                    Problems& problems) {
  auto keys = split_key(key);
  if (!keys) {
    problems.add(path +
                     ": a key has names with dots between them, as \"optimizer.base_lr\" or "
                     "\"views.0.size\", got '" +
                     one_line(key) + "'",
                 where);
    return std::nullopt;
  }
  Setting setting{std::move(*keys), value, where};
  setting.value.key_where = where;
  check_own_keys(setting, path, problems);
  return setting;
}

/// Text that stands in tables and pictures.
std::string read_label(TableReader& table, const std::string& key, const std::string& what,
                       Problems& problems) {
  const ConfigNode* node = table.take(key);
  if (node == nullptr) {
    table.add_missing(key, "text, " + what);
    return "";
  }
  const auto text = read_text_value(*node, table.path_of(key), problems);
  if (!text) return "";
  const bool printable = std::none_of(text->begin(), text->end(),
                                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (text->empty() || text->size() > kMaxLabel || !printable) {
    problems.add(table.path_of(key) + ": must be one line of 1 to " + std::to_string(kMaxLabel) +
                     " bytes, got " + value_text(*node),
                 node->where);
    return "";
  }
  return *text;
}

/// The label of a value that is written without one: the value.
std::string label_of(const ConfigNode& value) {
  return value.is_text() ? one_line(value.text()) : value_text(value);
}

/// Values of an axis with a `key`.
AxisValue short_value(const ConfigNode& item, const ConfigNode& key, const std::string& path,
                      Problems& problems) {
  AxisValue value;
  value.where = item.where;
  if (item.is_list() || item.is_table()) {
    problems.add(path + ": beside `key` a value is a number, text, true or false, got " +
                     describe(item) + "; write { label = \"...\", set = { ... } } without `key`",
                 item.where);
    return value;
  }
  value.label = label_of(item);
  if (auto setting = make_setting(key.text(), item, item.where, path, problems))
    value.settings.push_back(std::move(*setting));
  return value;
}

/// { label, set, experiment }
AxisValue long_value(const ConfigNode& item, const std::string& path, bool has_experiment,
                     Problems& problems) {
  AxisValue value;
  value.where = item.where;
  if (!item.is_table()) {
    problems.add(path +
                     ": must be a table { label = \"...\", set = { ... } }, or the axis has a "
                     "`key` that its values are set to, got " +
                     describe(item),
                 item.where);
    return value;
  }
  TableReader table(&item, path, item.where, problems);
  value.label = read_label(table, "label", "what tables and pictures call this value", problems);
  value.experiment = read_experiment_path(table, problems);
  value.settings = read_settings(table, "set", problems);
  table.finish();
  if (!value.experiment && !has_experiment && !table.has("experiment"))
    problems.add(path +
                     ": the key 'experiment' is missing; it must be text, the path of a TOML "
                     "file, here or once for the whole sweep",
                 item.where);
  return value;
}

std::vector<AxisValue> read_values(TableReader& table, const std::string& list_key,
                                   const ConfigNode* key, bool has_experiment, Problems& problems) {
  std::vector<AxisValue> values;
  const ConfigNode* list = table.take_list(list_key, "a list of values");
  if (list == nullptr) return values;
  if (list->items.empty())
    problems.add(table.path_of(list_key) + ": must have at least one value, got an empty list",
                 list->where);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = table.path_of(list_key) + "." + std::to_string(i);
    const ConfigNode& item = list->items[i];
    auto value = key != nullptr ? short_value(item, *key, path, problems)
                                : long_value(item, path, has_experiment, problems);
    const bool twice = !value.label.empty() &&
                       std::any_of(values.begin(), values.end(),
                                   [&](const AxisValue& v) { return v.label == value.label; });
    if (twice)
      problems.add(path + ": the label '" + value.label + "' stands twice in this axis",
                   item.where);
    values.push_back(std::move(value));
  }
  return values;
}

SweepAxis read_axis(const ConfigNode& node, const std::string& path, bool small,
                    bool has_experiment, Problems& problems) {
  TableReader table(&node, path, node.where, problems);
  SweepAxis axis;
  axis.name = read_label(table, "name", "what tables and pictures call this axis", problems);
  const ConfigNode* key = table.take("key");
  if (key != nullptr && !read_text_value(*key, table.path_of("key"), problems)) key = nullptr;
  if (key != nullptr && !has_experiment)
    problems.add(path + ": an axis with `key` wants an `experiment` for the whole sweep",
                 key->where);
  if (!table.has("values")) table.add_missing("values", "a list of values");
  axis.values = read_values(table, "values", key, has_experiment, problems);
  auto small_values = read_values(table, "small_values", key, has_experiment, problems);
  table.finish();
  for (const auto* values : {&axis.values, &small_values})
    for (const AxisValue& value : *values) axis.known_labels.push_back(value.label);
  if (small && !small_values.empty()) axis.values = std::move(small_values);
  return axis;
}

}  // namespace

std::vector<SweepAxis> read_axes(TableReader& root, bool small, bool has_experiment,
                                 Problems& problems) {
  std::vector<SweepAxis> axes;
  const ConfigNode* list = root.take_list("axis", "a list of tables, [[axis]]");
  if (list == nullptr) {
    if (!root.has("axis") && !has_experiment)
      root.add_missing("experiment", "text, the path of a TOML file");
    return axes;
  }
  // An experiment that each value of one axis names serves the other axes as well.
  const auto names_experiments = [](const ConfigNode& axis) {
    const ConfigNode* values = axis.find("values");
    return values != nullptr && values->is_list() &&
           std::any_of(values->items.begin(), values->items.end(),
                       [](const ConfigNode& v) { return v.find("experiment") != nullptr; });
  };
  const auto naming = std::find_if(list->items.begin(), list->items.end(), names_experiments);
  for (auto axis = list->items.begin(); axis != list->items.end(); ++axis) {
    const std::string path =
        root.path_of("axis") + "." + std::to_string(axis - list->items.begin());
    if (!axis->is_table()) {
      problems.add(path + ": must be a table, got " + describe(*axis), axis->where);
      continue;
    }
    const bool elsewhere = has_experiment || (naming != list->items.end() && naming != axis);
    axes.push_back(read_axis(*axis, path, small, elsewhere, problems));
    const auto same_name = [&](const SweepAxis& a) { return a.name == axes.back().name; };
    if (!axes.back().name.empty() && std::any_of(axes.begin(), axes.end() - 1, same_name))
      problems.add(path + ": the name '" + axes.back().name + "' stands at two axes", axis->where);
  }
  return axes;
}

void check_own_keys(const Setting& setting, const std::string& path, Problems& problems) {
  std::string key;
  for (const auto& part : setting.keys) key = join_keys(key, part);
  const auto complain = [&](const std::string& full, const SourcePlace& where) {
    for (const auto& own : kOwnKeys)
      if (full == own.key)
        problems.add(path + ": '" + full + "' can't be set in a sweep: " + own.instead, where);
  };
  complain(key, setting.place);
  for (const ConfigNode& item : setting.value.items)
    if (setting.value.is_table()) complain(join_keys(key, item.key), item.key_where);
}

std::vector<Setting> read_settings(TableReader& table, const std::string& key, Problems& problems) {
  std::vector<Setting> settings;
  const ConfigNode* node = table.take(key);
  if (node == nullptr) return settings;
  if (!node->is_table()) {
    problems.add(table.path_of(key) +
                     ": must be a table of settings, "
                     "{ \"optimizer.base_lr\" = 0.1 }, got " +
                     describe(*node),
                 node->where);
    return settings;
  }
  for (const ConfigNode& item : node->items)
    if (auto setting = make_setting(item.key, item, item.key_where, table.path_of(key), problems))
      settings.push_back(std::move(*setting));
  return settings;
}

std::optional<std::filesystem::path> read_experiment_path(TableReader& table, Problems& problems) {
  const ConfigNode* node = table.take("experiment");
  if (node == nullptr) return std::nullopt;
  const auto path = read_path(*node, table.path_of("experiment"), problems);
  if (!path) return std::nullopt;
  // As a person would name it: relative to where the shell is, if it lies below.
  const auto relative =
      std::filesystem::path(*path).lexically_relative(std::filesystem::current_path());
  return !relative.empty() && *relative.begin() != ".." ? relative : std::filesystem::path(*path);
}

}  // namespace kith::host
