// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace kith::host {

/// Puts a sweep's Markdown table into a text file, between the lines `<!-- sweep NAME -->` and
/// `<!-- end of sweep NAME -->`, in place of what stands there.
/// @throws DataError if the file can't be read or written, or lacks one of the two lines.
void put_table_into(const std::filesystem::path& file, const std::string& name,
                    const std::string& markdown);

}  // namespace kith::host
