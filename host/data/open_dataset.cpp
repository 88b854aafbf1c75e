// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <kith/error.hpp>
#include <system_error>
#include <utility>

#include "data/dataset.h"
#include "data/file_bytes.h"
#include "data/idx_reader.h"
#include "data/image_folder.h"

namespace kith::host {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void check_digests(const DatasetSettings& settings) {
  for (const auto& [name, wanted] : settings.sha256) {
    const std::filesystem::path file = settings.path / name;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
      throw DataError("data: '" + file.string() + "': no such file, but data.sha256 has it");
    }
    const std::string got = sha256_file(file);
    if (got == lower(wanted)) continue;
    throw DataError("data: '" + file.string() + "': SHA-256 must be " + lower(wanted) +
                    " (data.sha256), got " + got);
  }
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const DatasetSettings& settings) {
  if (settings.channels != 0 && settings.channels != 1 && settings.channels != 3) {
    throw ConfigError("data: channels must be 0, 1 or 3, got " + std::to_string(settings.channels));
  }
  check_folder(settings.path);
  check_digests(settings);
  Source source;
  if (settings.reader == "idx") {
    source = open_idx(settings.path, settings.channels);
  } else if (settings.reader == "image_folder") {
    source = open_image_folder(settings.path, settings.channels);
  } else {
    throw ConfigError("data: reader must be 'idx' or 'image_folder', got '" + settings.reader +
                      "'");
  }
  return std::make_unique<Dataset>(std::move(source), settings.val_fraction, settings.cache_bytes);
}

}  // namespace kith::host
