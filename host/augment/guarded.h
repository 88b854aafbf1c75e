// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace kith::host {

/// Numbers of a guard, on either side.
inline constexpr std::size_t kGuardNumbers = 4096;

/// Fills memory with a pattern that no plugin computes.
inline void set_guard(std::span<std::byte> guard) {
  for (std::size_t i = 0; i < guard.size(); ++i) guard[i] = static_cast<std::byte>(0xa5 ^ (i & 3));
}

/// How many bytes of a guard were changed.
inline std::size_t damage_of(std::span<const std::byte> guard) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < guard.size(); ++i)
    changed += guard[i] != static_cast<std::byte>(0xa5 ^ (i & 3)) ? 1 : 0;
  return changed;
}

/// Memory for numbers that are lent to a plugin, with a guard before and behind: what is written
/// beyond is noticed. For dry runs and checks; views of a training have no guards.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t size) : all_(size + 2 * kGuardNumbers), size_(size) {
    set_guard(bytes(0));
    set_guard(bytes(kGuardNumbers + size));
  }

  std::span<T> numbers() { return std::span<T>(all_).subspan(kGuardNumbers, size_); }
  T* data() { return all_.data() + kGuardNumbers; }

  /// "" or "wrote 12 bytes before the beginning"
  std::string damage() {
    std::string text;
    const auto say = [&](std::size_t changed, const char* where) {
      if (changed > 0)
        text += (text.empty() ? "wrote " : ", ") + std::to_string(changed) + " bytes " + where;
    };
    say(damage_of(bytes(0)), "before the beginning");
    say(damage_of(bytes(kGuardNumbers + size_)), "beyond the end");
    return text;
  }

 private:
  std::span<std::byte> bytes(std::size_t first) {
    return std::as_writable_bytes(std::span<T>(all_).subspan(first, kGuardNumbers));
  }

  std::vector<T> all_;
  std::size_t size_;
};

}  // namespace kith::host
