// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "store/file_descriptor.h"

namespace kith::host {

/// Takes the lock of a run folder, its file run.lock, until the result is closed or the process
/// ends, however it ends. The file says which process has it and stays behind, unlocked.
/// @throws DataError that names the process that has the lock.
FileDescriptor lock_run(const std::filesystem::path& folder);

}  // namespace kith::host
