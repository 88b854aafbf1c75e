// SPDX-License-Identifier: Apache-2.0
#include "tensor/border.h"

#include <c10/util/Exception.h>

#include <utility>

#include "tensor/services.h"

namespace kith::host {
namespace {

struct BorderError {
  std::int32_t kind = KITH_ERROR_GENERAL;
  std::string text;
};

BorderError& border_error() {
  thread_local BorderError error;
  return error;
}

thread_local const std::string* plugin_of_thread = nullptr;

const void* query(const char* id, std::uint32_t min_size) {
  const std::string_view wanted(id);
  for (const auto& service : services())
    if (wanted == service.id) return service.size >= min_size ? service.table : nullptr;
  return nullptr;
}

}  // namespace

PluginScope::PluginScope(const std::string& id) : before_(std::exchange(plugin_of_thread, &id)) {}

PluginScope::~PluginScope() { plugin_of_thread = before_; }

const std::string& current_plugin() {
  static const auto* const none = new std::string;  // asked for while the process ends, too
  return plugin_of_thread != nullptr ? *plugin_of_thread : *none;
}

void set_border_error(std::int32_t kind, std::string_view text) {
  border_error().kind = kind;
  border_error().text.assign(text);
}

void raise_border_error(const std::string& who) {
  const auto& error = border_error();
  const std::string text = who.empty() ? error.text : who + ": " + error.text;
  switch (error.kind) {
    case KITH_ERROR_CONFIG:
      throw ConfigError(text);
    case KITH_ERROR_DATA:
      throw DataError(text);
    case KITH_ERROR_SHAPE:
      throw ShapeError(text);
    default:
      throw PluginError(text);
  }
}

kith_status record_current_exception(std::string_view who, std::string_view shapes) noexcept {
  const auto set = [&](std::int32_t kind, std::string_view what) {
    std::string text =
        who.empty() ? std::string(what) : std::string(who) + ": " + std::string(what);
    if (!shapes.empty()) text += " (" + std::string(shapes) + ")";
    set_border_error(kind, text);
    return KITH_ERROR;
  };
  try {
    throw;
  } catch (const c10::Error& e) {
    return set(KITH_ERROR_SHAPE, e.what_without_backtrace());
  } catch (const ConfigError& e) {
    return set(KITH_ERROR_CONFIG, e.what());
  } catch (const DataError& e) {
    return set(KITH_ERROR_DATA, e.what());
  } catch (const ShapeError& e) {
    return set(KITH_ERROR_SHAPE, e.what());
  } catch (const PluginError& e) {
    return set(KITH_ERROR_PLUGIN, e.what());
  } catch (const std::exception& e) {
    return set(KITH_ERROR_GENERAL, e.what());
  } catch (...) {
    return set(KITH_ERROR_GENERAL, "an exception that is not a std::exception");
  }
}

const kith_host* host_table() {
  static const kith_host table{
      sizeof(kith_host),
      1,
      query,
      [](std::int32_t kind, kith_text text) { set_border_error(kind, {text.data, text.size}); },
      [](std::int32_t* kind) -> kith_text {
        const auto& error = border_error();
        if (kind != nullptr) *kind = error.kind;
        return {error.text.data(), error.text.size()};
      },
  };
  return &table;
}

}  // namespace kith::host
