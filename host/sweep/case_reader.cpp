// SPDX-License-Identifier: Apache-2.0
#include "sweep/case_reader.h"

#include <algorithm>

#include "sweep/axis_reader.h"

namespace kith::host {
namespace {

std::vector<std::string> names_of(const std::vector<SweepAxis>& axes) {
  std::vector<std::string> names;
  for (const SweepAxis& axis : axes) names.push_back(axis.name);
  return names;
}

/// Labels of an axis: one text, or a list of texts.
std::vector<std::string> read_labels(const ConfigNode& node, const SweepAxis& axis,
                                     const std::string& path, Problems& problems) {
  std::vector<std::string> labels;
  const auto read = [&](const ConfigNode& item) {
    const auto label = read_text_value(item, path, problems);
    if (!label) return;
    if (std::find(axis.known_labels.begin(), axis.known_labels.end(), *label) ==
        axis.known_labels.end())
      problems.add(path + ": the axis has no label '" + one_line(*label) + "'" +
                       suggestion(*label, axis.known_labels),
                   item.where);
    labels.push_back(*label);
  };
  if (node.is_list())
    for (const ConfigNode& item : node.items) read(item);
  else
    read(node);
  return labels;
}

void read_where(TableReader& table, const std::vector<SweepAxis>& axes, SweepCase& result,
                Problems& problems) {
  const ConfigNode* where = table.take("where");
  if (where == nullptr) {
    table.add_missing("where", "a table, the labels of some axes: { kind = \"none\" }");
    return;
  }
  const auto path = table.path_of("where");
  if (!where->is_table() || where->items.empty()) {
    problems.add(path + ": must be a table with the labels of at least one axis, got " +
                     (where->is_table() ? "an empty one" : describe(*where)),
                 where->where);
    return;
  }
  const auto names = names_of(axes);
  for (const ConfigNode& item : where->items) {
    const auto at = std::find(names.begin(), names.end(), item.key);
    if (at == names.end()) {
      problems.add(path + ": there is no axis '" + item.key + "'" + suggestion(item.key, names),
                   item.key_where);
      continue;
    }
    const auto axis = static_cast<std::size_t>(at - names.begin());
    result.where.push_back(
        {axis, read_labels(item, axes[axis], join_keys(path, item.key), problems)});
  }
}

}  // namespace

std::vector<SweepCase> read_cases(TableReader& root, const std::vector<SweepAxis>& axes,
                                  Problems& problems) {
  std::vector<SweepCase> cases;
  const ConfigNode* list = root.take_list("case", "a list of tables, [[case]]");
  if (list == nullptr) return cases;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = root.path_of("case") + "." + std::to_string(i);
    const ConfigNode& node = list->items[i];
    if (!node.is_table()) {
      problems.add(path + ": must be a table, got " + describe(node), node.where);
      continue;
    }
    TableReader table(&node, path, node.where, problems);
    SweepCase result;
    read_where(table, axes, result, problems);
    result.settings = read_settings(table, "set", problems);
    result.leave_out = table.boolean("leave_out", false);
    table.finish();
    cases.push_back(std::move(result));
  }
  return cases;
}

bool holds(const SweepCase& sweep_case, const std::vector<std::string>& labels) {
  return std::all_of(sweep_case.where.begin(), sweep_case.where.end(), [&](const auto& wanted) {
    return std::find(wanted.labels.begin(), wanted.labels.end(), labels[wanted.axis]) !=
           wanted.labels.end();
  });
}

}  // namespace kith::host
