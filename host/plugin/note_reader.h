// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "plugin/elf_file.h"
#include "plugin/metadata.h"

namespace kith::host {

/// Reads Kith's notes of a shared library; the layout is described in sdk/include/kith/note.hpp.
/// Every length and every value is checked: what comes out has a well-formed id, options with
/// defaults inside their ranges and text without control characters.
///
/// @param path  for messages only.
/// @throws PluginRefused  kNoNote, kDamagedNote, kUnknownKey, and kTier where the note's form is
/// not this host's.
PluginMetadata read_note(const ElfFile& elf, const std::filesystem::path& path);

/// The part after the last '.' of a plugin's id: its short name.
std::string short_name(const std::string& id);

/// "loss" of "kith.loss/1"; empty if the text has another form.
std::string kind_of_interface(const std::string& interface_id);

}  // namespace kith::host
