// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kith::integration {

/// The lines of a log without the fields that a clock decides.
std::vector<nlohmann::json> read_log(const std::filesystem::path& run);

/// Tensors of a safetensors file by name: dtype, shape and bytes in one text. Reads the format by
/// itself.
std::map<std::string, std::string> read_tensors(const std::filesystem::path& file);
/// The newest checkpoint of a run.
std::filesystem::path newest_checkpoint(const std::filesystem::path& run);

/// Every data set of a run's run.h5 by path: type, shape and values in one text. So are the
/// attributes of data sets and groups: "/metrics/train/loss@unit".
std::map<std::string, std::string> read_datasets(const std::filesystem::path& run);

/// An attribute of a run's run.h5 that is an integer. @throws std::runtime_error if there is none.
std::int64_t read_count(const std::filesystem::path& run, const std::string& attribute);

/// The names of all attributes of a run's run.h5 itself.
std::vector<std::string> read_attribute_names(const std::filesystem::path& run);

/// Checks that two runs ended with the same numbers, to the bit: tensors of the newest checkpoint,
/// data sets, log.
void expect_equal_numbers(const std::filesystem::path& run, const std::filesystem::path& other);

/// The same, and that both tell the same of themselves: metadata of the newest checkpoint and
/// attributes of run.h5, but for clocks, processes and places.
void expect_equal_runs(const std::filesystem::path& run, const std::filesystem::path& other);

}  // namespace kith::integration
