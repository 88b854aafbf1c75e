// SPDX-License-Identifier: Apache-2.0
#include "run_contents.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "workshop.h"

namespace kith::integration {
namespace fs = std::filesystem;
namespace {

std::string type_text(hid_t type) {
  return std::to_string(H5Tget_class(type)) + "/" + std::to_string(H5Tget_size(type));
}

/// Puts all values of a data set or an attribute into memory; below 0: it failed.
using ReadValues = std::function<herr_t(void*)>;

std::string values_of(hid_t type, hid_t space, const ReadValues& read) {
  const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
  if (count == 0) return "";
  if (H5Tis_variable_str(type) <= 0) {
    std::string bytes(count * H5Tget_size(type), '\0');
    if (read(bytes.data()) < 0) throw std::runtime_error("cannot read values");
    return bytes;
  }
  std::vector<char*> texts(count);
  if (read(texts.data()) < 0) throw std::runtime_error("cannot read texts");
  std::string joined;
  for (const char* text : texts) joined += std::string(text == nullptr ? "" : text) + "\n";
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts.data());
  return joined;
}

/// Type, shape and values in one text.
std::string text_of(hid_t type, hid_t space, const ReadValues& read) {
  std::vector<hsize_t> shape(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  std::string text = type_text(type) + " [";
  for (const auto extent : shape) text += std::to_string(extent) + ",";
  return text + "] " + values_of(type, space, read);
}

hid_t open_results(const fs::path& run) {
  const hid_t file = H5Fopen((run / "run.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) throw std::runtime_error("cannot open run.h5 in " + run.string());
  return file;
}

std::vector<std::string> attribute_names(hid_t object) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names);
  return names;
}

void read_attributes(hid_t object, const std::string& begin,
                     std::map<std::string, std::string>& out) {
  for (const auto& name : attribute_names(object)) {
    const hid_t attribute = H5Aopen(object, name.c_str(), H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    out[begin + name] =
        text_of(type, space, [&](void* values) { return H5Aread(attribute, type, values); });
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
  }
}

void read_dataset(hid_t dataset, const std::string& path, std::map<std::string, std::string>& out) {
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  out[path] = text_of(type, space, [&](void* values) {
    return H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  });
  H5Sclose(space);
  H5Tclose(type);
}

void read_group(hid_t group, const std::string& path, std::map<std::string, std::string>& out) {
  H5G_info_t info{};
  H5Gget_info(group, &info);
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    std::array<char, 256> name{};
    H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(),
                       H5P_DEFAULT);
    const hid_t object = H5Oopen(group, name.data(), H5P_DEFAULT);
    const std::string below = path + "/" + name.data();
    if (H5Iget_type(object) == H5I_GROUP) read_group(object, below, out);
    if (H5Iget_type(object) == H5I_DATASET) read_dataset(object, below, out);
    read_attributes(object, below + "@", out);
    H5Oclose(object);
  }
}

std::vector<std::string> names_of(const std::map<std::string, std::string>& values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  return names;
}

/// The header of a safetensors file, and where its arrays begin.
std::pair<nlohmann::json, std::size_t> read_header(const std::string& bytes) {
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  return {nlohmann::json::parse(bytes.substr(8, size)), 8 + size};
}

std::map<std::string, std::string> metadata_without(const std::vector<std::string>& names,
                                                    const fs::path& checkpoint) {
  const auto header = read_header(read_text(checkpoint)).first;
  auto metadata = header.at("__metadata__").get<std::map<std::string, std::string>>();
  for (const auto& name : names) metadata.erase(name);
  return metadata;
}

/// Of run.h5 itself.
std::map<std::string, std::string> attributes_without(const std::vector<std::string>& names,
                                                      const fs::path& run) {
  std::map<std::string, std::string> attributes;
  const hid_t file = open_results(run);
  read_attributes(file, "", attributes);
  H5Fclose(file);
  for (const auto& name : names) attributes.erase(name);
  return attributes;
}

/// Names the values that differ; the bytes themselves tell nobody anything.
void expect_equal_values(const std::map<std::string, std::string>& values,
                         const std::map<std::string, std::string>& others) {
  ASSERT_EQ(names_of(values), names_of(others));
  for (const auto& [name, value] : values) {
    const auto& other = others.at(name);
    EXPECT_TRUE(value == other) << name << " differs: " << value.substr(0, value.find(']')) << "] "
                                << other.substr(0, other.find(']')) << "]";
  }
}

}  // namespace

std::vector<nlohmann::json> read_log(const fs::path& run) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_text(run / "log.jsonl"));
  for (std::string line; std::getline(text, line);) {
    auto object = nlohmann::json::parse(line);
    object.erase("images_per_s");
    object.erase("waiting_share");
    lines.push_back(std::move(object));
  }
  return lines;
}

std::map<std::string, std::string> read_tensors(const fs::path& file) {
  const std::string bytes = read_text(file);
  const auto [header, arrays] = read_header(bytes);
  std::map<std::string, std::string> tensors;
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") continue;
    const auto begin = tensor["data_offsets"][0].get<std::size_t>();
    const auto end = tensor["data_offsets"][1].get<std::size_t>();
    tensors[name] = tensor["dtype"].get<std::string>() + " " + tensor["shape"].dump() + " " +
                    bytes.substr(arrays + begin, end - begin);
  }
  return tensors;
}

fs::path newest_checkpoint(const fs::path& run) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints"))
    files.push_back(entry.path());
  if (files.empty()) throw std::runtime_error("no checkpoint in " + run.string());
  return *std::max_element(files.begin(), files.end());
}

std::map<std::string, std::string> read_datasets(const fs::path& run) {
  std::map<std::string, std::string> datasets;
  const hid_t file = open_results(run);
  read_group(file, "", datasets);
  H5Fclose(file);
  return datasets;
}

std::int64_t read_count(const fs::path& run, const std::string& attribute) {
  const hid_t file = open_results(run);
  std::int64_t value = 0;
  const hid_t found =
      H5Aexists(file, attribute.c_str()) > 0 ? H5Aopen(file, attribute.c_str(), H5P_DEFAULT) : -1;
  const bool read = found >= 0 && H5Aread(found, H5T_NATIVE_INT64, &value) >= 0;
  if (found >= 0) H5Aclose(found);
  H5Fclose(file);
  if (!read) throw std::runtime_error("run.h5 has no count '" + attribute + "'");
  return value;
}

std::vector<std::string> read_attribute_names(const fs::path& run) {
  const hid_t file = open_results(run);
  auto names = attribute_names(file);
  H5Fclose(file);
  return names;
}

void expect_equal_numbers(const fs::path& run, const fs::path& other) {
  SCOPED_TRACE(run.string() + " against " + other.string());
  EXPECT_EQ(newest_checkpoint(run).filename(), newest_checkpoint(other).filename());
  expect_equal_values(read_tensors(newest_checkpoint(run)), read_tensors(newest_checkpoint(other)));
  expect_equal_values(read_datasets(run), read_datasets(other));
  const auto log = read_log(run), other_log = read_log(other);
  ASSERT_EQ(log.size(), other_log.size());
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].dump(), other_log[i].dump());
}

void expect_equal_runs(const fs::path& run, const fs::path& other) {
  expect_equal_numbers(run, other);
  SCOPED_TRACE(run.string() + " against " + other.string());
  // The log's lines have speeds, so it is longer or shorter; the checksum is of its length too.
  const std::vector<std::string> of_the_log = {"log_bytes", "kith.sha256"};
  expect_equal_values(metadata_without(of_the_log, newest_checkpoint(run)),
                      metadata_without(of_the_log, newest_checkpoint(other)));
  // Clocks and memory are of the last process, and reads of test those of killed ones too. A run
  // may go on with its data elsewhere and with other loader threads; a folder has several
  // spellings.
  const std::vector<std::string> may_differ = {
      "started",          "finished",          "images_per_s",
      "waiting_share",    "peak_memory_bytes", "peak_device_memory_bytes",
      "test_reads",       "loader_threads",    "resolved_experiment",
      "experiment_folder"};
  expect_equal_values(attributes_without(may_differ, run), attributes_without(may_differ, other));
}

}  // namespace kith::integration
