// SPDX-License-Identifier: Apache-2.0
#include "sweep/run_result.h"

#include "store/run_file.h"

namespace kith::host {
namespace {

template <class T>
T attribute(const RunFile& file, const std::string& name, T otherwise) {
  const auto found = file.attributes().find(name);
  if (found == file.attributes().end()) return otherwise;
  const T* value = std::get_if<T>(&found->second);
  return value == nullptr ? otherwise : *value;
}

}  // namespace

bool is_finished(const std::filesystem::path& run) {
  return !attribute<std::string>(RunFile(run / "run.h5"), "finished", "").empty();
}

RunResult read_result(const std::filesystem::path& run, std::int64_t batch_size) {
  const RunFile file(run / "run.h5");
  RunResult result;
  for (const auto& [name, metric] : file.metrics())
    if (!metric.rows.empty()) result.metrics[name] = metric.rows.back().value;
  result.images_per_s = attribute<double>(file, "images_per_s", 0);
  if (result.images_per_s > 0)
    result.step_s = static_cast<double>(batch_size) / result.images_per_s;
  result.peak_memory_bytes = attribute<std::int64_t>(file, "peak_memory_bytes", 0);
  result.peak_device_memory_bytes = attribute<std::int64_t>(file, "peak_device_memory_bytes", 0);
  return result;
}

}  // namespace kith::host
