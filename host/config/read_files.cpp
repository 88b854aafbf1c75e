// SPDX-License-Identifier: Apache-2.0
#include "config/read_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "config/merge.h"
#include "config/parse_document.h"

namespace kith::host {

namespace {

namespace fs = std::filesystem;

/// No experiment comes near it; a device never ends.
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

std::vector<std::string> toml_files_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".toml") names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Text of a file, or nothing, with the problem noted at the place where the file was named.
std::optional<std::string> read_text(const fs::path& path, const std::string& who,
                                     const SourcePlace& named_at, Problems& problems) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  const fs::path folder = absolute.parent_path();
  std::error_code error;
  if (!fs::exists(absolute, error)) {
    const bool has_folder = fs::is_directory(folder, error);
    problems.add(
        who + ": no file '" + absolute.filename().string() + "' in the folder " + folder.string() +
            (has_folder ? "" : ", which does not exist") +
            (has_folder ? suggestion(absolute.filename().string(), toml_files_in(folder)) : ""),
        named_at);
    return std::nullopt;
  }
  if (fs::is_directory(absolute, error)) {
    problems.add(who + ": must be a TOML file, got the folder " + absolute.string() +
                     suggestion("experiment.toml", toml_files_in(absolute)),
                 named_at);
    return std::nullopt;
  }
  std::ifstream stream(absolute, std::ios::binary);
  std::string text;
  for (char c; text.size() <= kMostBytes && stream.get(c);) text += c;
  if (text.size() > kMostBytes) {
    problems.add(who + ": must have at most " + std::to_string(kMostBytes) + " bytes, " +
                     absolute.string() + " has more",
                 named_at);
    return std::nullopt;
  }
  if (!stream.is_open() || stream.bad()) {
    problems.add(who + ": can't read " + absolute.string() + "; it must be a readable file",
                 named_at);
    return std::nullopt;
  }
  return text;
}

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  std::optional<ConfigNode> read(const fs::path& path, const SourcePlace& named_at) {
    const std::string name = path.lexically_normal().string();
    std::error_code error;
    fs::path absolute = fs::weakly_canonical(fs::absolute(path), error);
    if (error) absolute = fs::absolute(path).lexically_normal();
    if (std::find(files_.begin(), files_.end(), absolute) != files_.end()) {
      std::string chain;
      for (const std::string& each : names_) chain += each + " -> ";
      problems_.add("extends: a file can't extend itself: " + chain + name, named_at);
      return std::nullopt;
    }
    files_.push_back(absolute);
    names_.push_back(name);
    std::optional<ConfigNode> node = read_toml_file(path, "experiment", named_at, problems_);
    if (!node) return std::nullopt;
    return over_base(std::move(*node), path);
  }

  std::vector<fs::path> files() const { return files_; }

 private:
  std::optional<ConfigNode> over_base(ConfigNode node, const fs::path& path) {
    const auto entry = std::find_if(node.items.begin(), node.items.end(),
                                    [](const ConfigNode& item) { return item.key == "extends"; });
    if (entry == node.items.end()) return node;
    const ConfigNode extends = std::move(*entry);
    node.items.erase(entry);
    if (!extends.is_text()) {
      problems_.add("extends: must be text, the path of a TOML file, got " + describe(extends),
                    extends.where);
      return std::nullopt;
    }
    std::optional<ConfigNode> base = read(path.parent_path() / extends.text(), extends.where);
    if (!base) return std::nullopt;
    merge(*base, std::move(node), "", problems_);
    return base;
  }

  Problems& problems_;
  std::vector<fs::path> files_;
  std::vector<std::string> names_;
};

}  // namespace

std::optional<ConfigNode> read_toml_file(const fs::path& path, const std::string& who,
                                         const SourcePlace& named_at, Problems& problems) {
  const std::optional<std::string> text = read_text(path, who, named_at, problems);
  if (!text) return std::nullopt;
  const std::string name = path.lexically_normal().string();
  const fs::path folder = fs::absolute(path).lexically_normal().parent_path();
  std::optional<ConfigNode> node = parse_document(*text, name, folder, problems);
  if (node) node->where = {name, 0, 0};
  return node;
}

std::optional<ReadFiles> read_files(const fs::path& path, Problems& problems) {
  Reader reader(problems);
  std::optional<ConfigNode> root = reader.read(path, {path.lexically_normal().string(), 0, 0});
  if (!root) return std::nullopt;
  return ReadFiles{std::move(*root), reader.files()};
}

}  // namespace kith::host
