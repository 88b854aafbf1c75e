// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kith::host {

/// A symbol's name for people, whatever bytes a file gives as one: demangled where that can be had
/// in little memory and time, without control characters, at most some 300 bytes.
///
/// A mangled name may refer to its own parts, and these to theirs: some 250 bytes stand for
/// gigabytes of text. So a name with many references stays as it is in the file.
std::string symbol_text(std::string_view symbol);

}  // namespace kith::host
