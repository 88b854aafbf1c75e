// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/problems.h"

namespace kith::host {

/// The place below /metrics of run.h5 that a name in a sweep's file stands for: "knn/top1" is
/// "knn/val/trained/plain/top1"; with five parts it is that place itself; "train/loss" is the last
/// logged one.
/// @returns  nothing if it is none of these or on test; the problem is then noted at `where`.
std::optional<std::string> metric_path(const std::string& name, const std::string& key,
                                       const SourcePlace& where, Problems& problems);

/// The same metric of another row of its evaluation ("pixels", "untrained", "trained"), plain or
/// centred; nothing for one of training.
std::optional<std::string> of_row(const std::string& path, const std::string& row, bool centred);

/// The same metric on test; nothing for one of training, which has none.
std::optional<std::string> on_test(const std::string& path);

/// "knn" of "knn/val/trained/plain/top1"; empty for one of training.
std::string evaluation_of(const std::string& path);

/// As short as it may be written: "knn/top1", "knn/val/untrained/plain/top1".
std::string short_metric(const std::string& path);

}  // namespace kith::host
