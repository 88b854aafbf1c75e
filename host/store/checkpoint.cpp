// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <kith/error.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "store/atomic_file.h"
#include "store/file_descriptor.h"

namespace kith::host {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kSuffix = ".safetensors";
constexpr std::size_t kStepDigits = 9;
constexpr std::string_view kOwnKeys = "kith.";
constexpr const char* kFormatKey = "kith.format";
constexpr const char* kFormat = "kith.checkpoint/1";
constexpr const char* kStepKey = "kith.step";
constexpr const char* kEpochKey = "kith.epoch";

std::string file_name(std::int64_t step) {
  std::string digits = std::to_string(step);
  if (digits.size() < kStepDigits) digits.insert(0, kStepDigits - digits.size(), '0');
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> step_of(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  return parse_number(
      std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
}

std::int64_t take_number(Metadata& metadata, const char* key, const fs::path& path) {
  const auto found = metadata.find(key);
  const auto number = found == metadata.end() ? std::nullopt : parse_number(found->second);
  if (!number) {
    throw DataError("checkpoint: '" + path.string() + "' lacks a valid '" + key +
                    "'; it is no checkpoint of kith");
  }
  metadata.erase(found);
  return *number;
}

void remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_system_error("remove", path, errno);
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(keep) {
  if (keep < 1) {
    throw ConfigError("checkpoint: keep_checkpoints must be >= 1, got " + std::to_string(keep));
  }
}

fs::path CheckpointStore::save(std::int64_t step, std::int64_t epoch, const ArrayViews& arrays,
                               const Metadata& metadata) {
  if (step < 0 || epoch < 0) {
    throw DataError("checkpoint: step and epoch must be >= 0, got " + std::to_string(step) +
                    " and " + std::to_string(epoch));
  }
  Metadata all = metadata;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kOwnKeys)) {
      throw DataError(
          "checkpoint: metadata keys that begin with 'kith.' are the store's own, got '" + key +
          "'");
    }
  }
  all[kFormatKey] = kFormat;
  all[kStepKey] = std::to_string(step);
  all[kEpochKey] = std::to_string(epoch);
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw_system_error("create", folder_, error.value());
  const fs::path path = folder_ / file_name(step);
  write_safetensors(path, arrays, all);
  prune(step);
  return path;
}

std::vector<CheckpointEntry> CheckpointStore::list() const {
  std::vector<CheckpointEntry> entries;
  std::error_code error;
  fs::directory_iterator files(folder_, error);
  if (error == std::errc::no_such_file_or_directory) return entries;
  if (error) throw_system_error("list", folder_, error.value());
  for (const auto& file : files) {
    if (const auto step = step_of(file.path())) entries.push_back({file.path(), *step});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  return entries;
}

std::optional<Checkpoint> CheckpointStore::newest() const {
  const std::vector<CheckpointEntry> entries = list();
  if (entries.empty()) return std::nullopt;
  try {
    return load(entries.back().path);
  } catch (const DataError& error) {
    std::string text = "checkpoint: the newest checkpoint is damaged: " + std::string(error.what());
    std::string damaged = "'" + entries.back().path.string() + "'";
    for (auto entry = entries.rbegin() + 1; entry != entries.rend(); ++entry) {
      try {
        load(entry->path);
      } catch (const DataError&) {
        damaged += ", '" + entry->path.string() + "' (damaged too)";
        continue;
      }
      throw DataError(text + "; the one before is '" + entry->path.string() + "' (step " +
                      std::to_string(entry->step) + "): to go on from it, remove " + damaged +
                      " and resume again");
    }
    throw DataError(text + "; no earlier undamaged checkpoint is left: start the run again");
  }
}

Checkpoint CheckpointStore::load(const fs::path& path) {
  SafetensorsContent content = read_safetensors(path);
  Checkpoint checkpoint;
  checkpoint.path = path;
  const auto format = content.metadata.find(kFormatKey);
  if (format == content.metadata.end() || format->second != kFormat) {
    throw DataError("checkpoint: '" + path.string() + "' has format '" +
                    (format == content.metadata.end() ? "" : format->second) + "', wanted '" +
                    kFormat + "'");
  }
  content.metadata.erase(format);
  checkpoint.step = take_number(content.metadata, kStepKey, path);
  checkpoint.epoch = take_number(content.metadata, kEpochKey, path);
  checkpoint.arrays = std::move(content.arrays);
  checkpoint.metadata = std::move(content.metadata);
  return checkpoint;
}

void CheckpointStore::remove_after(std::int64_t step) {
  for (const CheckpointEntry& entry : list()) {
    if (entry.step > step) remove_file(entry.path);
  }
}

void CheckpointStore::prune(std::int64_t saved_step) {
  const std::vector<CheckpointEntry> entries = list();
  const auto keep = static_cast<std::size_t>(keep_);
  for (std::size_t i = 0; i + keep < entries.size(); ++i) {
    // A later file left by another continuation never costs the run the state that it just saved.
    if (entries[i].step != saved_step) remove_file(entries[i].path);
  }
}

}  // namespace kith::host
