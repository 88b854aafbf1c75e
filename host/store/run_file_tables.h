// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/hdf5_calls.h"
#include "store/run_file.h"

/// The parts of run.h5's layout that are written or read in one go. Callers hold an h5::Lock.
namespace kith::host {

/// @throws DataError if labels and paths differ in number, or a label has no class name.
void check_samples(const std::vector<std::string>& paths, std::span<const std::int64_t> labels,
                   const std::vector<std::string>& class_names);

/// Writes <group>/path and, with labels, <group>/label.
void write_sample_tables(const h5::Handle& file, const std::string& group,
                         const std::vector<std::string>& paths,
                         std::span<const std::int64_t> labels,
                         const std::vector<std::string>& class_names);

/// @throws DataError unless the name is one or several parts joined by '/'.
void check_metric_name(const std::string& name);

/// Writes all of /metrics, in a file that has none.
void write_metrics(const h5::Handle& file, const std::map<std::string, Metric>& metrics);

std::map<std::string, Metric> read_metrics(const h5::Handle& file);

/// About how many bytes these take in a file, never too few.
std::uint64_t byte_size(const std::map<std::string, Metric>& metrics);
std::uint64_t byte_size(const Attributes& attributes);
std::uint64_t sample_byte_size(const std::vector<std::string>& paths,
                               std::span<const std::int64_t> labels,
                               const std::vector<std::string>& class_names);

void write_attributes(const h5::Handle& object, const Attributes& attributes);

Attributes read_attributes(const h5::Handle& object);

}  // namespace kith::host
