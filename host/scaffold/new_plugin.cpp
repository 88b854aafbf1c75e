// SPDX-License-Identifier: Apache-2.0
#include "scaffold/new_plugin.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <kith/error.hpp>

#include "plugin/nearest_name.h"
#include "scaffold/templates.h"

namespace kith::host {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 60;

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

void require_kind(const std::string& kind) {
  const auto& kinds = plugin_kinds();
  if (std::ranges::find(kinds, kind) != kinds.end()) return;
  const auto near = did_you_mean(kind, kinds);
  throw ConfigError("plugin new: no kind '" + kind + "'" +
                    (near.empty() ? "; there are: " + joined(kinds) : near));
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name[0] >= 'a' && name[0] <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

/// What a person most likely means: "my_loss" of "My-Loss" or "MyLoss"; empty if nothing is left.
std::string nearest_valid(const std::string& name) {
  std::string out;
  bool was_small = false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte < 0x80 && std::isalnum(byte) != 0;
    const bool capital = letter && std::isupper(byte) != 0;
    if ((!letter || (capital && was_small)) && !out.empty() && out.back() != '_') out += '_';
    if (letter && !(out.empty() && std::isdigit(byte) != 0))
      out += static_cast<char>(std::tolower(byte));
    was_small = letter && !capital;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

void require_name(const std::string& name) {
  // The class would be called as the SDK's.
  if (name == "tensor")
    throw ConfigError("plugin new: the name 'tensor' is the SDK's own; take another");
  if (is_name(name)) return;
  const auto near = nearest_valid(name);
  throw ConfigError(
      "plugin new: a name must be small letters, digits and underscores, begin with a letter and "
      "have at most " +
      std::to_string(kLongestName) + " characters, got '" + name + "'" +
      (is_name(near) ? "; did you mean '" + near + "'?" : ""));
}

void require_empty(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return;
  if (!fs::is_directory(folder, error))
    throw ConfigError("plugin new: '" + folder.string() +
                      "' must be a folder that is not there yet, it is a file; --folder names "
                      "another");
  if (!fs::is_empty(folder, error))
    throw ConfigError("plugin new: the folder '" + folder.string() +
                      "' must not be there yet or be empty, it holds files; --folder names "
                      "another");
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void write(const fs::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw Error("plugin new: cannot write '" + file.string() + "'");
}

}  // namespace

const std::vector<std::string>& plugin_kinds() {
  static const std::vector<std::string> kinds{"augmentation", "encoder", "evaluation", "loss",
                                              "method"};
  return kinds;
}

std::string class_name(const std::string& name) {
  std::string out;
  bool capital = true;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
      continue;
    }
    out += capital ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    capital = false;
  }
  return out;
}

std::vector<std::string> write_new_plugin(const std::string& kind, const std::string& name,
                                          const fs::path& folder) {
  require_kind(kind);
  require_name(name);
  require_empty(folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error("plugin new: cannot make the folder '" + folder.string() + "': " + error.message());
  // The templates are plugins called my_loss, my_encoder, ..., with classes MyLoss, MyEncoder.
  const std::string old = "my_" + kind;
  const std::vector<std::pair<std::string, std::string>> files{
      {kind + "/" + old + ".cpp", name + ".cpp"},
      {kind + "/README.md", "README.md"},
      {"plugin.meson", "meson.build"}};
  std::vector<std::string> written;
  for (const auto& [from, to] : files) {
    std::string text(find_template(from));
    // Through a mark, since the new name may have the old one in it.
    replace_all(text, from == "plugin.meson" ? "my_plugin" : old, "\x01");
    replace_all(text, class_name(old), "\x02");
    replace_all(text, "\x01", name);
    replace_all(text, "\x02", class_name(name));
    write(folder / to, text);
    written.push_back(to);
  }
  return written;
}

}  // namespace kith::host
