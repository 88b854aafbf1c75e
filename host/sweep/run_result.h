// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace kith::host {

/// What a finished run says of itself.
struct RunResult {
  std::map<std::string, double> metrics;      ///< by place below /metrics of run.h5: the last value
  double images_per_s = 0;                    ///< in training
  double step_s = 0;                          ///< seconds a step: the batch over images_per_s
  std::int64_t peak_memory_bytes = 0;         ///< of the process
  std::int64_t peak_device_memory_bytes = 0;  ///< of its tensors on a GPU; 0: it had none
};

/// @param run  the run's folder. @throws DataError if its run.h5 can't be read.
bool is_finished(const std::filesystem::path& run);
/// Of a finished run. @param batch_size  images a step.
RunResult read_result(const std::filesystem::path& run, std::int64_t batch_size);

}  // namespace kith::host
