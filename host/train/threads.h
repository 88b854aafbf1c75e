// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "config/experiment.h"

namespace kith::host {

/// How many threads do what. Together they do not exceed the cores. Not counted: the thread that
/// writes, which mostly waits for the disk (store/storage_thread.h), a loader that fills its last
/// batches while an evaluation between epochs decodes on all of both, and those that sleep while a
/// step is made (the loader's own where it has none; a second pool of LibTorch).
struct Threads {
  std::int64_t tensor = 1;  ///< of tensor operators
  std::int64_t loader = 0;  ///< that load and augment; 0: the tensor threads, between steps
};

/// Cores that this process may use: $KITH_CORES, else those that the system gives it.
/// @throws ConfigError if KITH_CORES is no integer from 1 to those.
std::int64_t usable_cores();

/// Threads for short work before the first step, such as reading headers of files: all of `cores`,
/// at most 8, beyond which a disk is what such work waits for.
int startup_threads(std::int64_t cores);
/// The same of a run: its tensor and loader threads, which are resolved, together.
int startup_threads(const TrainConfig& train);

/// Fills in what is not given. On a CPU a quarter of the cores loads (of less than four none: then
/// they do both in turn) and the rest computes; with a GPU one in four computes and the rest loads.
/// @throws ConfigError if the sum exceeds the cores.
Threads resolve_threads(std::optional<std::int64_t> tensor, std::optional<std::int64_t> loader,
                        std::int64_t cores, bool gpu);

/// The same for this process's cores; what was not given is written into `train`.
Threads resolve_threads(TrainConfig& train, bool gpu);

}  // namespace kith::host
