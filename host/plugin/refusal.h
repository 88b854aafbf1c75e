// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/error.hpp>
#include <string>

namespace kith::host {

/// Why a plugin was refused; each has a number that stays the same for ever. None below
/// kTrialFailed ran plugin code.
enum class RefusalCode {
  kUnreadable = 201,       ///< absent, a folder, empty, not a plain file, no permission
  kTooLarge = 202,         ///< more bytes than a plugin may have
  kChanged = 205,          ///< the bytes are not those that were read before
  kNotThisMachine = 206,   ///< no ELF shared library for this machine
  kDamagedElf = 207,       ///< its tables point outside the file: truncated or corrupt
  kNoNote = 301,           ///< a shared library without Kith's note
  kDamagedNote = 302,      ///< the note contradicts itself
  kUnknownKey = 303,       ///< the note has a critical entry that this host does not know
  kTier = 304,             ///< another tier than portable/1
  kSdkVersion = 305,       ///< built with an SDK that this host does not support
  kService = 306,          ///< a service or interface that this host lacks
  kOperator = 307,         ///< an operator that this host's LibTorch lacks
  kUndefinedSymbol = 309,  ///< symbols that nothing here defines
  kSymbolVersion = 310,    ///< a newer C or C++ library than this system's
  kLibrary = 312,          ///< needs a library that is not on the list, or has a run path
  kDuplicate = 313,        ///< one id twice in one folder
  kNoEntry = 314,          ///< no entry function
  kExportedSymbols = 315,  ///< exports more than its entry, or has process-wide symbols
  kTrialFailed = 316,      ///< did not survive its first load, which was in a process of its own
  kOpenFailed = 317,       ///< the dynamic linker refused it
  kHandshake = 401,        ///< its entry failed or gave a table that cannot be
};

/// A refusal in the four lines that a person reads.
struct Refusal {
  RefusalCode code;
  std::string what;    ///< what is wrong, one line, naming the plugin
  std::string plugin;  ///< what the plugin has
  std::string host;    ///< what this host has
  std::string todo;    ///< what to do

  /// "KITH-307 ...\n  plugin : ...\n  host   : ...\n  do     : ..."
  std::string text() const;
};

/// The same as an exception; what() is text().
class PluginRefused : public kith::PluginError {
 public:
  explicit PluginRefused(Refusal why) : PluginError(why.text()), refusal_(std::move(why)) {}
  const Refusal& refusal() const { return refusal_; }

 private:
  Refusal refusal_;
};

}  // namespace kith::host
