// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <kith/error.hpp>
#include <system_error>
#include <utility>

#include "data/cifar_reader.h"
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

void check_digest(const std::filesystem::path& file, const std::string& wanted) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    throw DataError("data: '" + file.string() + "': no such file, but data.sha256 has it");
  }
  const std::string got = sha256_file(file);
  if (got == lower(wanted)) return;
  throw DataError("data: '" + file.string() + "': SHA-256 must be " + lower(wanted) +
                  " (data.sha256), got " + got);
}

}  // namespace

Source open_source(const DatasetSettings& settings, const OnProblem& on_problem) {
  if (settings.channels != 0 && settings.channels != 1 && settings.channels != 3) {
    throw ConfigError("data: channels must be 0, 1 or 3, got " + std::to_string(settings.channels));
  }
  if (!settings.path.empty() || settings.train_path.empty()) check_folder(settings.path);
  for (const auto& [name, wanted] : settings.sha256)
    passes(on_problem, [&] { check_digest(settings.path / name, wanted); });
  if (settings.reader == "idx") return open_idx(settings.path, settings.channels, on_problem);
  if (settings.reader == "image_folder") {
    return open_image_folder({.path = settings.path,
                              .train_path = settings.train_path,
                              .val_path = settings.val_path,
                              .test_path = settings.test_path,
                              .channels = settings.channels,
                              .apply_orientation = settings.apply_orientation,
                              .keep_damaged = settings.skip_damaged,
                              .threads = settings.threads},
                             on_problem);
  }
  if (settings.reader == "cifar10")
    return open_cifar10(settings.path, settings.channels, on_problem);
  if (settings.reader == "cifar100") {
    return open_cifar100(settings.path, settings.coarse_labels, settings.channels, on_problem);
  }
  throw ConfigError("data: reader must be 'idx', 'image_folder', 'cifar10' or 'cifar100', got '" +
                    settings.reader + "'");
}

std::unique_ptr<Dataset> open_dataset(const DatasetSettings& settings) {
  return std::make_unique<Dataset>(open_source(settings), settings.val_fraction,
                                   settings.cache_bytes, settings.skip_damaged, settings.threads);
}

}  // namespace kith::host
