// SPDX-License-Identifier: Apache-2.0
#include "train/data_settings.h"

namespace kith::host {

DatasetSettings dataset_settings(const DataConfig& data) {
  DatasetSettings settings;
  settings.reader = to_text(data.reader);
  settings.path = data.path;
  settings.train_path = data.train_path;
  settings.val_path = data.val_path;
  settings.test_path = data.test_path;
  settings.coarse_labels = data.labels == CifarLabels::kCoarse;
  settings.apply_orientation = data.apply_orientation;
  settings.skip_damaged = data.on_damaged == OnDamaged::kSkip;
  settings.val_fraction = data.val_fraction;
  settings.sha256 = data.sha256;
  return settings;
}

std::string left_out_text(const Dataset& dataset, std::size_t first) {
  constexpr std::size_t kMostLines = 10;
  const auto& all = dataset.left_out();
  if (first >= all.size()) return "";
  const std::size_t count = all.size() - first;
  std::string text = "data: " + std::to_string(count) +
                     (count == 1 ? " image does" : " images do") +
                     " not decode, left out (data.on_damaged = \"skip\"):";
  for (std::size_t i = first; i < all.size() && i < first + kMostLines; ++i) {
    text += "\n  " + std::string(split_name(all[i].split)) + ": " + all[i].reason;
  }
  if (count > kMostLines) {
    text +=
        "\n  and " + std::to_string(count - kMostLines) + " more; `kith data check` lists them all";
  }
  return text;
}

}  // namespace kith::host
