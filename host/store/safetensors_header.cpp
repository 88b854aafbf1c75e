// SPDX-License-Identifier: Apache-2.0
#include "store/safetensors_header.h"

#include <algorithm>
#include <array>
#include <kith/error.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace kith::host {

namespace {

using nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

struct DTypeWord {
  DType dtype;
  const char* word;
};
constexpr std::array<DTypeWord, 10> kDTypeWords{{{DType::kUint8, "U8"},
                                                 {DType::kInt8, "I8"},
                                                 {DType::kInt16, "I16"},
                                                 {DType::kInt32, "I32"},
                                                 {DType::kInt64, "I64"},
                                                 {DType::kFloat16, "F16"},
                                                 {DType::kFloat32, "F32"},
                                                 {DType::kFloat64, "F64"},
                                                 {DType::kBool, "BOOL"},
                                                 {DType::kBFloat16, "BF16"}}};

const char* word_of(DType dtype) {
  for (const DTypeWord& entry : kDTypeWords) {
    if (entry.dtype == dtype) return entry.word;
  }
  throw DataError("dtype " + std::string(dtype_name(dtype)) + " has no word in safetensors");
}

DType dtype_of(const std::string& word, const std::string& name) {
  for (const DTypeWord& entry : kDTypeWords) {
    if (word == entry.word) return entry.dtype;
  }
  throw DataError("array '" + name + "' has dtype '" + word +
                  "', wanted one of U8 I8 I16 I32 I64 F16 BF16 F32 F64 BOOL");
}

std::uint64_t unsigned_number(const json& value, const std::string& name) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    throw DataError("array '" + name + "' has a shape or an offset that is no whole number >= 0");
  }
  return value.get<std::uint64_t>();
}

// Parses with a bound on the depth, and refuses a key that comes twice, of which a plain parser
// would keep the last.
json parse_json(std::string_view text) {
  std::vector<std::set<std::string>> keys(1);
  const auto check = [&keys](int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth > 2) throw DataError("its header nests deeper than the format has it");
      keys.resize(static_cast<std::size_t>(depth) + 2);
      keys.back().clear();
    } else if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.at(static_cast<std::size_t>(depth)).insert(key).second) {
        throw DataError("its header has the key '" + key + "' twice");
      }
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    throw DataError("its header is no JSON: " + std::string(error.what()));
  }
}

SafetensorsEntry parse_entry(const std::string& name, const json& value) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets") || !value["dtype"].is_string() ||
      !value["shape"].is_array() || !value["data_offsets"].is_array() ||
      value["data_offsets"].size() != 2) {
    throw DataError("array '" + name + "' wants exactly dtype, shape and two data_offsets");
  }
  SafetensorsEntry entry;
  entry.name = name;
  entry.dtype = dtype_of(value["dtype"].get_ref<const std::string&>(), name);
  for (const json& extent : value["shape"]) {
    entry.shape.push_back(static_cast<std::int64_t>(unsigned_number(extent, name)));
  }
  entry.begin = unsigned_number(value["data_offsets"][0], name);
  entry.end = unsigned_number(value["data_offsets"][1], name);
  std::size_t wanted = 0;
  try {
    wanted = ArrayView{entry.dtype, entry.shape, nullptr}.byte_size();
  } catch (const ShapeError& error) {
    throw DataError("array '" + name + "': " + error.what());
  }
  if (entry.end < entry.begin || entry.end - entry.begin != wanted) {
    throw DataError("array '" + name + "' has shape " + shape_text(entry.shape) + " of " +
                    dtype_name(entry.dtype) + ", so " + std::to_string(wanted) +
                    " bytes, but offsets " + std::to_string(entry.begin) + " to " +
                    std::to_string(entry.end));
  }
  return entry;
}

Metadata parse_metadata(const json& value) {
  if (!value.is_object()) throw DataError("its __metadata__ is no table of texts");
  Metadata metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) throw DataError("its metadata '" + key + "' is no text");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

void check_coverage(std::vector<SafetensorsEntry>& entries, std::uint64_t data_size) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered) {
      throw DataError("array '" + entry.name + "' begins at byte " + std::to_string(entry.begin) +
                      " of the data, but the array before it ends at " + std::to_string(covered));
    }
    covered = entry.end;
    if (covered > data_size) {
      throw DataError("array '" + entry.name + "' ends at byte " + std::to_string(covered) +
                      " of the data, but the file has only " + std::to_string(data_size) +
                      "; it is cut off");
    }
  }
  if (covered != data_size) {
    throw DataError("its arrays end at byte " + std::to_string(covered) + " of the data, but " +
                    std::to_string(data_size) + " bytes are there");
  }
}

}  // namespace

std::string format_safetensors_header(const SafetensorsHeader& header) {
  json root = json::object();
  if (!header.metadata.empty()) root[kMetadata] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.name == kMetadata) throw DataError("no array may be called '__metadata__'");
    root[entry.name] = {{"dtype", word_of(entry.dtype)},
                        {"shape", entry.shape},
                        {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text;
  try {
    text = root.dump();
  } catch (const json::exception& error) {
    throw DataError("a name or a metadata value is not UTF-8: " + std::string(error.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kLongestHeader) {
    throw DataError("its header would have " + std::to_string(text.size()) + " bytes, at most " +
                    std::to_string(kLongestHeader) + " are read");
  }
  return text;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size) {
  if (text.empty() || text.front() != '{') throw DataError("its header is no JSON table");
  const json root = parse_json(text);
  SafetensorsHeader header;
  for (const auto& [name, value] : root.items()) {
    if (name == kMetadata) {
      header.metadata = parse_metadata(value);
    } else {
      header.entries.push_back(parse_entry(name, value));
    }
  }
  check_coverage(header.entries, data_size);
  return header;
}

}  // namespace kith::host
