// SPDX-License-Identifier: Apache-2.0
#include "config/data_section.h"

#include <optional>
#include <string>

#include "config/setting_ranges.h"

namespace kith::host {

namespace {

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::map<std::string, std::string> read_hashes(TableReader& data, Problems& problems) {
  const ConfigNode* table = data.take("sha256");
  if (table == nullptr) return {};
  if (!table->is_table()) {
    problems.add("data.sha256: must be a table of file names and hashes, got " + describe(*table),
                 table->where);
    return {};
  }
  std::map<std::string, std::string> hashes;
  for (const ConfigNode& item : table->items) {
    const std::string path = "data.sha256.\"" + item.key + "\"";
    std::optional<std::string> hash = read_text_value(item, path, problems);
    if (!hash) continue;
    for (char& c : *hash) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    if (!is_sha256(*hash)) {
      problems.add(path + ": must be 64 hexadecimal digits, got " + value_text(item), item.where);
    }
    hashes[item.key] = *hash;
  }
  return hashes;
}

/// Empty where it was not written or is no path; the latter is then noted.
std::filesystem::path read_folder(TableReader& table, const std::string& key, Problems& problems) {
  const ConfigNode* node = table.take(key);
  if (node == nullptr) return {};
  const auto path = read_path(*node, table.path_of(key), problems);
  if (node->is_text() && path && path->empty()) {
    problems.add(table.path_of(key) + ": must be the path of a folder, got empty text",
                 node->where);
  }
  return path.value_or("");
}

void warn_unused(const TableReader& table, DataReader reader, Problems& problems) {
  for (const char* key :
       {"train_path", "val_path", "test_path", "labels", "apply_orientation", "on_damaged"}) {
    if (!table.has(key) || uses(reader, key)) continue;
    problems.warn(table.path_of(key) + ": has no effect with reader = \"" + to_text(reader) + "\"",
                  table.place_of(key));
  }
}

}  // namespace

DataConfig read_data(TableReader& root, Problems& problems) {
  TableReader table = root.section("data");
  DataConfig data;
  data.reader = table.choice<DataReader>("reader", kDataReaders, std::nullopt);
  data.path = read_folder(table, "path", problems);
  data.train_path = read_folder(table, "train_path", problems);
  data.val_path = read_folder(table, "val_path", problems);
  data.test_path = read_folder(table, "test_path", problems);
  const bool folders = uses(data.reader, "train_path");
  if (!table.has("path") && !(folders && table.has("train_path"))) {
    table.add_missing("path", "the path of the data set's folder");
  }
  data.labels = table.choice<CifarLabels>("labels", kCifarLabels, data.labels);
  data.apply_orientation = table.boolean("apply_orientation", data.apply_orientation);
  data.on_damaged = table.choice<OnDamaged>("on_damaged", kOnDamaged, data.on_damaged);
  data.val_fraction = table.real("val_fraction", kValFractions, data.val_fraction);
  data.train_images = table.integer_if_written("train_images", kImages);
  data.read_test = table.boolean("read_test", data.read_test);
  data.sha256 = read_hashes(table, problems);
  if (!data.sha256.empty() && !table.has("path")) {
    problems.add("data.sha256: its files lie below data.path, which is missing",
                 table.place_of("sha256"));
  }
  warn_unused(table, data.reader, problems);
  if (!folders) {
    const DataConfig defaults;
    data.train_path = data.val_path = data.test_path = defaults.path;
    data.apply_orientation = defaults.apply_orientation;
    data.on_damaged = defaults.on_damaged;
  }
  if (!uses(data.reader, "labels")) data.labels = DataConfig{}.labels;
  table.finish();
  return data;
}

bool uses(DataReader reader, std::string_view key) {
  if (key == "labels") return reader == DataReader::kCifar100;
  const bool of_folders = key == "train_path" || key == "val_path" || key == "test_path" ||
                          key == "apply_orientation" || key == "on_damaged";
  return !of_folders || reader == DataReader::kImageFolder;
}

}  // namespace kith::host
