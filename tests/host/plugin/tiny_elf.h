// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <kith/note.hpp>
#include <string>
#include <vector>

namespace kith::host {

/// The smallest shared library that a reader of plugins accepts, with the notes that a test wants
/// in it: no code, one segment.
struct TinyElf {
  struct Note {
    std::uint32_t type;
    std::string descriptor;
    std::string owner = "kith";
  };
  std::vector<Note> notes;
  std::uint32_t symbols = 1;     ///< of the symbol table
  std::string symbol_name = {};  ///< of all; without one they are local, else exported

  std::vector<char> bytes() const;
};

/// "KTN1", the length, and the entries that `write` writes.
std::string metadata_note(const std::function<void(kith::detail::NoteWriter&)>& write);

/// All entries that a note must have.
void write_required(kith::detail::NoteWriter& w, const std::string& id = "org.test.tiny");

/// An operator's note.
std::string operator_note(const std::string& name, std::uint32_t flags = 1);

/// A mangled name of some 12 bytes a level whose text doubles with each: X, P<X, X>, P<P<X, X>, ...
std::string growing_name(int levels);

}  // namespace kith::host
