// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <cstdint>
#include <kith/error.hpp>
#include <string>
#include <string_view>

namespace kith::host {

/// The table that every plugin is handed; static. [any thread]
const kith_host* host_table();

/// Sets this thread's error text, which the plugin reads with kith_host.error. [any thread]
void set_border_error(std::int32_t kind, std::string_view text);

/// This thread's error as an exception of its kind, with `who` in front ("simclr: step: ...").
[[noreturn]] void raise_border_error(const std::string& who);

/// Throws this thread's error unless the plugin's call succeeded.
inline void check_plugin(kith_status status, const std::string& who) {
  if (status != KITH_OK) [[unlikely]]
    raise_border_error(who);
}

/// Turns the exception now being handled into this thread's error. Call inside a catch block.
/// `shapes`, unless empty, stands in brackets behind the text.
kith_status record_current_exception(std::string_view who, std::string_view shapes = {}) noexcept;

/// Runs host code for a plugin: no exception crosses the border.
template <class F>
kith_status serve(std::string_view who, F&& code) noexcept {
  try {
    code();
    return KITH_OK;
  } catch (...) {
    return record_current_exception(who);
  }
}

/// While it lives, this thread runs code of the plugin with this id: its backward passes are named
/// after it. The text must outlive the object.
class PluginScope {
 public:
  explicit PluginScope(const std::string& id);
  ~PluginScope();
  PluginScope(const PluginScope&) = delete;
  PluginScope& operator=(const PluginScope&) = delete;

 private:
  const std::string* before_;
};

/// The id of the plugin whose code this thread runs; empty outside.
const std::string& current_plugin();

inline std::string to_string(kith_text text) { return std::string(text.data, text.size); }

}  // namespace kith::host
