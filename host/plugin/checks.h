// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugin/abilities.h"
#include "plugin/elf_file.h"
#include "plugin/metadata.h"
#include "plugin/plugin_file.h"

namespace kith::host {

/// The ELF tables of a plugin's bytes. `path` names them in refusals.
///
/// @throws PluginRefused  kNotThisMachine, kDamagedElf.
ElfFile parse_elf(const ByteReader& bytes, const std::filesystem::path& path);
inline ElfFile parse_elf(const PluginFile& file) { return parse_elf(file, file.path); }

/// Tier, SDK version, interface, services, operators: what the note alone decides.
///
/// @throws PluginRefused  kTier, kSdkVersion, kService, kOperator (all missing ones listed).
void check_note(const PluginMetadata& metadata, const PluginFile& file, const HostAbilities& host);

/// Libraries, symbols, entry: what the ELF tables decide. Runs nothing of the plugin.
///
/// A portable plugin may need libc, libm, libpthread, libdl, librt, libstdc++, libgcc_s and the
/// dynamic linker, and no symbol from elsewhere; it exports its entry and nothing else, but for
/// what std:: templates leave behind.
///
/// @throws PluginRefused  kLibrary, kNoEntry, kExportedSymbols, kSymbolVersion, kUndefinedSymbol
/// (all listed).
void check_symbols(const ElfFile& elf, const PluginMetadata& metadata, const PluginFile& file);

/// Whether this host loads plugins that were built with the given SDK: the same major and, while
/// that is 0, the same minor number; later a minor number up to the host's.
bool sdk_fits(const std::string& plugin_sdk, const std::string& host_sdk);

}  // namespace kith::host
