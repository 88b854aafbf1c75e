// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <cstdint>
#include <exception>
#include <kith/error.hpp>
#include <kith/note.hpp>
#include <kith/options.hpp>
#include <string>
#include <string_view>
#include <type_traits>

// Hidden whatever the compile line says: each plugin has its own copy of this state, and no plugin
// sees another's.
#pragma GCC visibility push(hidden)
namespace kith::detail {

inline const kith_host* host_pointer = nullptr;

/// The host that loaded this plugin; set by the entry, before any other function of the plugin
/// runs. [any thread]
inline const kith_host* host() { return host_pointer; }

inline kith_text to_text(std::string_view text) { return {text.data(), text.size()}; }

/// Throws this thread's last error of the host as the kind of kith::Error that it is.
[[noreturn]] inline void raise_last_error() {
  std::int32_t kind = KITH_ERROR_GENERAL;
  const kith_text text = host()->error(&kind);
  const std::string what(text.data, text.size);
  switch (kind) {
    case KITH_ERROR_CONFIG:
      throw ConfigError(what);
    case KITH_ERROR_PLUGIN:
      throw PluginError(what);
    case KITH_ERROR_DATA:
      throw DataError(what);
    case KITH_ERROR_SHAPE:
      throw ShapeError(what);
    default:
      throw Error(what);
  }
}

/// Throws if a call into the host failed.
inline void check(kith_status status) {
  if (status != KITH_OK) [[unlikely]]
    raise_last_error();
}

inline kith_status fail(std::int32_t kind, std::string_view what) noexcept {
  if (host() != nullptr) host()->set_error(kind, to_text(what));
  return KITH_ERROR;
}

/// Runs code of the plugin on behalf of the host: no exception leaves it, each becomes a status and
/// a text. The code returns nothing, or a status of its own.
template <class F>
kith_status guard(F&& code) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      code();
      return KITH_OK;
    } else {
      return code();
    }
  } catch (const ConfigError& e) {
    return fail(KITH_ERROR_CONFIG, e.what());
  } catch (const PluginError& e) {
    return fail(KITH_ERROR_PLUGIN, e.what());
  } catch (const DataError& e) {
    return fail(KITH_ERROR_DATA, e.what());
  } catch (const ShapeError& e) {
    return fail(KITH_ERROR_SHAPE, e.what());
  } catch (const std::exception& e) {
    return fail(KITH_ERROR_GENERAL, e.what());
  } catch (...) {
    return fail(KITH_ERROR_GENERAL, "an exception that is not a std::exception");
  }
}

/// A service of the host, or null if it has none with this id of at least min_size bytes.
template <class Table>
const Table* find_service(const char* id, std::uint32_t min_size = sizeof(Table)) {
  return static_cast<const Table*>(host()->query(id, min_size));
}

/// A service that the plugin's note requires, asked for once. One table type always has one id.
///
/// @throws PluginError  if the host lacks it.
template <class Table>
const Table& service(const char* id) {
  static const Table* const table = [id] {
    const Table* found = find_service<Table>(id);
    if (found == nullptr)
      throw PluginError("plugin: this host has no service '" + std::string(id) +
                        "', or an older one than the plugin was built for");
    return found;
  }();
  return *table;
}

template <class Plugin>
const void* get_interface(const char* id) {
  return std::string_view(id) == Plugin::kInterface ? Plugin::template table<Plugin>() : nullptr;
}

template <class Plugin>
kith_status enter(const kith_host* host, const kith_plugin** plugin) noexcept {
  if (host == nullptr || plugin == nullptr || host->struct_size < sizeof(kith_host))
    return KITH_ERROR;
  host_pointer = host;
  static constexpr kith_plugin kTable{sizeof(kith_plugin), 1, &get_interface<Plugin>};
  *plugin = &kTable;
  return KITH_OK;
}

}  // namespace kith::detail
#pragma GCC visibility pop

/// Ends a plugin's file, at global scope: makes the class the one plugin of this shared library. It
/// writes the note that the host reads without loading, and the one function that the library
/// exports.
#define KITH_PLUGIN(PluginClass)                                                             \
  namespace {                                                                                \
  __attribute__((section(".note.kith"), used, aligned(4))) constexpr auto kith_plugin_note = \
      ::kith::detail::make_note<PluginClass>();                                              \
  }                                                                                          \
  extern "C" __attribute__((visibility("default"))) kith_status kith_plugin_entry_v1(        \
      const kith_host* host, const kith_plugin** plugin) {                                   \
    return ::kith::detail::enter<PluginClass>(host, plugin);                                 \
  }                                                                                          \
  static_assert(true, "KITH_PLUGIN(...) may end in a semicolon")
