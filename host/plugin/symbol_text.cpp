// SPDX-License-Identifier: Apache-2.0
#include "plugin/symbol_text.h"

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace kith::host {
namespace {

constexpr std::size_t kLongest = 300;          // bytes of what is shown
constexpr std::size_t kLongestMangled = 1024;  // bytes of what is demangled
constexpr std::size_t kReferences = 16;        // to its own parts: each three at most triple it
constexpr std::size_t kReferencesOfAPack = 8;  // an expansion writes its pattern often

bool begins_number(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

/// At most so many: letters of identifiers may look like references, too.
std::size_t references_in(std::string_view name) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    if ((name[i] == 'S' || name[i] == 'T') && begins_number(name[i + 1])) ++count;
    if (name[i] == 'D' && name[i + 1] == 'p') count += kReferencesOfAPack;
    if (name[i] == 's' && (name[i + 1] == 'P' || name[i + 1] == 'p')) count += kReferencesOfAPack;
  }
  return count;
}

std::string demangled(const std::string& name) {
  if (name.size() > kLongestMangled || references_in(name) > kReferences) return name;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text ? text.get() : name;
}

}  // namespace

std::string symbol_text(std::string_view symbol) {
  std::string text = demangled(std::string(symbol));
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

}  // namespace kith::host
