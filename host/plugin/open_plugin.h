// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include "plugin/metadata.h"
#include "plugin/plugin_file.h"

namespace kith::host {

/// Opens the very bytes that were checked, calls the entry and asks for the interface's table. From
/// here on code of the plugin runs: its static initialisers, its entry.
///
/// The bytes are put into a sealed anonymous file, so that nobody can change them between check and
/// load, nor under a running program. With KITH_PLUGIN_IN_PLACE=1 in the environment the file is
/// opened by its path instead, so that a debugger finds it. A library is opened once per process
/// and never closed: exceptions, objects and threads may refer to its code until the process ends.
/// [main thread]
///
/// @returns  the table of metadata.interface_id, of at least the size of that interface's first
/// revision.
/// @throws PluginRefused  kChanged, kOpenFailed, kHandshake.
const void* open_plugin(const PluginFile& file, const PluginMetadata& metadata,
                        const kith_host* host);

}  // namespace kith::host
