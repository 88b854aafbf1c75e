// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace kith::host {

/// The folder to include the SDK from, so that `#include <kith/loss.hpp>` works: that of the source
/// tree for a program in its build tree, that beside an installed program; empty if neither is
/// there.
///
/// @param program  the program's own file; empty: /proc/self/exe.
std::filesystem::path find_sdk_folder(const std::filesystem::path& program = {});

/// A word for a shell, in quotes if it needs them.
std::string shell_word(const std::string& word);

}  // namespace kith::host
