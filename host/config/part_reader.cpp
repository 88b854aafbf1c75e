// SPDX-License-Identifier: Apache-2.0
#include "config/part_reader.h"

#include <algorithm>
#include <utility>

#include "config/setting_ranges.h"

namespace kith::host {

namespace {

/// Lower case, digits, '_'; begins with a letter: a role becomes part of names in files.
bool is_identifier(const std::string& text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

/// [encoder] is one encoder, unless it holds nothing but tables: then each of them is a role.
bool holds_roles(const ConfigNode& node) {
  return node.is_table() && !node.items.empty() && node.find("plugin") == nullptr &&
         std::all_of(node.items.begin(), node.items.end(),
                     [](const ConfigNode& item) { return item.is_table(); });
}

bool declares(const PluginMetadata* metadata, std::string_view group, std::string_view name = "") {
  return metadata != nullptr &&
         std::any_of(metadata->facts.begin(), metadata->facts.end(),
                     [&](const Fact& fact) { return fact.group == group && fact.name == name; });
}

}  // namespace

PartReader::PartReader(TableReader& root, PluginReader& plugins, Problems& problems)
    : root_(root), plugins_(plugins), problems_(problems) {}

std::vector<RoleConfig> PartReader::roles() {
  const ConfigNode* node = root_.take("encoder");
  std::vector<RoleConfig> roles;
  if (node == nullptr) {
    root_.add_missing("encoder", "a table [encoder] with the key 'plugin'");
    return roles;
  }
  const auto add = [&](const ConfigNode& item, const std::string& name, const std::string& path) {
    if (std::optional<PluginUse> use = plugins_.read(item, "encoder", path)) {
      roles.push_back({name, std::move(*use)});
    }
  };
  if (!holds_roles(*node)) {
    add(*node, "encoder", "encoder");
    return roles;
  }
  for (const ConfigNode& item : node->items) {
    const std::string path = join_keys("encoder", item.key);
    if (!is_identifier(item.key)) {
      problems_.add(path +
                        ": the name of a role must begin with a letter and have only lower-case " +
                        "letters, digits and '_', got '" + item.key + "'",
                    item.key_where);
    }
    add(item, item.key, path);
  }
  return roles;
}

PluginUse PartReader::method() {
  const ConfigNode* node = root_.take("method");
  if (node == nullptr) {
    root_.add_missing("method", "a table [method] with the key 'plugin'");
    return {};
  }
  return plugins_.read(*node, "method", "method").value_or(PluginUse{});
}

std::vector<PluginUse> PartReader::augmentations(TableReader& table) {
  const ConfigNode* list = table.take_list("augment", "a list of augmentations");
  std::vector<PluginUse> result;
  if (list == nullptr) return result;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const ConfigNode& item = list->items[i];
    const std::string path = join_keys(table.path_of("augment"), std::to_string(i));
    std::optional<PluginUse> use = plugins_.read(item, "augmentation", path, {"probability"});
    // Read all the same where the plugin is unknown, so that every mistake is found at once.
    TableReader own(item.is_table() ? &item : nullptr, path, item.where, problems_);
    const double probability = own.real("probability", kProbabilities, 1.0);
    if (!use) continue;
    use->probability = probability;
    result.push_back(std::move(*use));
  }
  return result;
}

ViewConfig PartReader::view(const ConfigNode& node, const std::string& path) {
  TableReader table(&node, path, node.where, problems_);
  ViewConfig view;
  view.count = table.integer("count", kViewCounts, view.count);
  view.size = table.integer("size", kSides, std::nullopt);
  view.arithmetic = table.choice<Arithmetic>("arithmetic", kArithmetics, view.arithmetic);
  view.augment = augmentations(table);
  table.finish();
  return view;
}

std::vector<ViewConfig> PartReader::views() {
  const std::string wanted = "a list of tables [[views]] with the keys count, size and augment";
  const bool written = root_.has("views");
  const ConfigNode* list = root_.take_list("views", wanted);
  std::vector<ViewConfig> views;
  if (list == nullptr) {
    if (!written) root_.add_missing("views", wanted);
    return views;
  }
  if (list->items.empty()) {
    problems_.add("views: must have at least 1 table, got 0", list->where);
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = "views." + std::to_string(i);
    const ConfigNode& item = list->items[i];
    if (item.is_table()) {
      views.push_back(view(item, path));
    } else {
      problems_.add(path + ": must be a table, got " + describe(item), item.where);
    }
  }
  return views;
}

EvalViewConfig PartReader::eval_view(const std::vector<ViewConfig>& views) {
  TableReader table = root_.section("eval_view");
  const ViewConfig first = views.empty() ? ViewConfig{} : views.front();
  EvalViewConfig view;
  view.size = table.integer("size", kSides, first.size);
  view.resize = table.integer("resize", kResizes, view.size);
  view.arithmetic = table.choice<Arithmetic>("arithmetic", kArithmetics, first.arithmetic);
  const bool written = table.has("augment");
  view.augment = augmentations(table);
  table.finish();
  if (!written) {
    for (const PluginUse& use : first.augment)
      if (declares(plugins_.metadata_of(use), "deterministic")) view.augment.push_back(use);
  }
  if (view.resize < view.size) {
    problems_.add("eval_view.resize: must be at least the size of the crop, which is " +
                      std::to_string(view.size) + " px, got " + std::to_string(view.resize),
                  table.place_of("resize"));
  }
  return view;
}

PixelRows PartReader::pixels(TableReader& table) {
  const ConfigNode* node = table.take("pixels");
  if (node == nullptr) return PixelRows::kAuto;
  if (node->kind == ConfigNode::Kind::kBool) {
    return std::get<bool>(node->scalar) ? PixelRows::kOn : PixelRows::kOff;
  }
  if (!node->is_text() || node->text() != "auto") {
    problems_.add(
        table.path_of("pixels") + ": must be \"auto\", true or false, got " + describe(*node),
        node->where);
  }
  return PixelRows::kAuto;
}

EvaluationConfig PartReader::evaluation(const ConfigNode& node, const std::string& path,
                                        const std::vector<std::string>& roles,
                                        const std::vector<ViewConfig>& views) {
  static const std::vector<std::string> kHostKeys = {"every_epochs", "pixels", "role", "output",
                                                     "copy",         "head",   "bank", "augment"};
  EvaluationConfig evaluation;
  TableReader table(node.is_table() ? &node : nullptr, path, node.where, problems_);
  const bool written = table.has("augment");
  std::vector<PluginUse> augment = augmentations(table);
  if (std::optional<PluginUse> use = plugins_.read(node, "evaluation", path, kHostKeys)) {
    evaluation.plugin = std::move(*use);
    const PluginMetadata* metadata = plugins_.metadata_of(evaluation.plugin);
    if (declares(metadata, "needs", "views")) {
      if (!written && !views.empty()) augment = views.front().augment;
      evaluation.augment = std::move(augment);
    } else if (written && metadata != nullptr) {
      problems_.add(table.path_of("augment") + ": '" + metadata->name +
                        "' looks at features of whole images, not at views; take the key away",
                    table.place_of("augment"));
    }
  }
  evaluation.every_epochs = table.integer("every_epochs", kCountsOrNone, evaluation.every_epochs);
  evaluation.pixels = pixels(table);
  evaluation.output = table.text("output", evaluation.output);
  evaluation.copy = table.text("copy", evaluation.copy);
  evaluation.head = table.text("head", evaluation.head);
  evaluation.bank = table.text("bank", evaluation.bank);
  if (evaluation.augment && !evaluation.bank.empty())
    problems_.add(table.path_of("bank") +
                      ": this evaluation looks at views and searches no bank; take the key away",
                  table.place_of("bank"));
  if (evaluation.pixels == PixelRows::kOn && !evaluation.bank.empty())
    problems_.add(table.path_of("pixels") +
                      ": raw pixels can't be held against the rows of a bank; take the key away",
                  table.place_of("pixels"));
  if (evaluation.output.empty()) {
    problems_.add(table.path_of("output") + ": must be the name of an output, got empty text",
                  table.place_of("output"));
  }
  if (const ConfigNode* role = table.take("role")) {
    // Without a readable encoder there is nothing to hold the name against.
    if (roles.empty()) {
      evaluation.role = read_text_value(*role, table.path_of("role"), problems_).value_or("");
    } else {
      evaluation.role = read_choice(*role, table.path_of("role"), roles, problems_).value_or("");
    }
  } else if (!roles.empty()) {
    evaluation.role = roles.front();
  }
  return evaluation;
}

std::vector<EvaluationConfig> PartReader::evaluations(const std::vector<RoleConfig>& roles,
                                                      const std::vector<ViewConfig>& views) {
  const ConfigNode* list = root_.take_list("evaluation", "a list of tables [[evaluation]]");
  std::vector<EvaluationConfig> evaluations;
  if (list == nullptr) return evaluations;
  std::vector<std::string> names;
  for (const RoleConfig& role : roles) names.push_back(role.name);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = "evaluation." + std::to_string(i);
    evaluations.push_back(evaluation(list->items[i], path, names, views));
  }
  return evaluations;
}

}  // namespace kith::host
