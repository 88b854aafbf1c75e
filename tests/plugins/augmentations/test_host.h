// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kith/abi/core.h>

#include <string>

namespace kith::testing {

/// What a plugin sees of a host that has no services: a place for error texts, one a thread.
inline const kith_host* test_host() {
  struct LastError {
    std::int32_t kind = KITH_ERROR_GENERAL;
    std::string text;
  };
  static thread_local LastError last;
  static const kith_host host{
      sizeof(kith_host), 1, [](const char*, std::uint32_t) -> const void* { return nullptr; },
      [](std::int32_t kind, kith_text text) { last = {kind, std::string(text.data, text.size)}; },
      [](std::int32_t* kind) {
        *kind = last.kind;
        return kith_text{last.text.data(), last.text.size()};
      }};
  return &host;
}

}  // namespace kith::testing
