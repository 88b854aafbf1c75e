// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "plugin/metadata.h"

namespace kith::host {

/// An option's declaration out of the entries nested in its entry.
///
/// @throws NoteError   if it is incomplete or contradicts itself: a default out of range or not
/// among the choices, a list
///                     of a wrong length, a number without a finite range.
/// @throws UnknownKey  for a critical entry that is not known.
OptionSpec read_option(std::span<const std::byte> bytes);

}  // namespace kith::host
