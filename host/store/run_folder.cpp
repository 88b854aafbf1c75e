// SPDX-License-Identifier: Apache-2.0
#include "store/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <kith/error.hpp>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "store/atomic_file.h"
#include "store/run_lock.h"

namespace kith::host {

namespace {

namespace fs = std::filesystem;

void check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (name.empty() || name.front() == '.' || name.size() > 200 ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    throw ConfigError(
        "run: name becomes a folder: wanted 1 to 200 letters, digits, '_', '-' or '.', not "
        "beginning with '.', got '" +
        name + "'");
  }
}

std::string make_id() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  // Only keeps two runs of one second apart; no result depends on it.
  const unsigned random = std::random_device{}() & 0xffffU;
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "%04x", random);
  return std::string(text.data()) + "-" + digits.data();
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_system_error("create", path, error.value());
}

fs::path link_of(const fs::path& root, const std::string& name) {
  return root / (name + "-latest");
}

// Found before the run begins, not after.
void check_link(const fs::path& link) {
  const fs::file_status status = fs::symlink_status(link);
  if (fs::exists(status) && !fs::is_symlink(status)) {
    throw DataError("run: '" + link.string() +
                    "' should be the link to the newest run, but is no link; move it away");
  }
}

void set_link(const fs::path& link, const fs::path& target) {
  // Relative, so that the runs can be moved as a whole.
  const fs::path partial = partial_path(link);
  if (::symlink(target.filename().c_str(), partial.c_str()) != 0) {
    throw_system_error("create", partial, errno);
  }
  if (std::rename(partial.c_str(), link.c_str()) != 0) {
    const int reason = errno;
    ::unlink(partial.c_str());
    throw_system_error("replace", link, reason);
  }
}

}  // namespace

RunFolder::RunFolder(fs::path path) : path_(std::move(path)), lock_(lock_run(path_)) {}

fs::path RunFolder::runs_root() {
  const char* folder = std::getenv("KITH_RUNS");
  return folder != nullptr && *folder != '\0' ? fs::path(folder) : fs::path("runs");
}

RunFolder RunFolder::create(const std::string& name, std::string_view experiment_toml,
                            std::string_view resolved_toml, const fs::path& root) {
  check_name(name);
  make_folders(root);
  const fs::path link = link_of(root, name);
  check_link(link);
  fs::path folder;
  do {
    folder = root / (name + "-" + make_id());
    if (::mkdir(folder.c_str(), 0777) == 0) break;
    if (errno != EEXIST) throw_system_error("create", folder, errno);
  } while (true);
  RunFolder run(fs::canonical(folder));
  run.fill(experiment_toml, resolved_toml);
  set_link(link, folder);
  sync_folder(root);
  return run;
}

RunFolder RunFolder::create_at(const fs::path& folder, std::string_view experiment_toml,
                               std::string_view resolved_toml) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  if (path.has_parent_path()) make_folders(path.parent_path());
  if (::mkdir(path.c_str(), 0777) != 0) {
    if (errno != EEXIST) throw_system_error("create", path, errno);
    throw DataError(
        "run: folder '" + folder.string() +
        "' exists already; name another, or go on with the run in it: kith run --resume " +
        folder.string());
  }
  RunFolder run(fs::canonical(path));
  run.fill(experiment_toml, resolved_toml);
  sync_folder(run.path_.parent_path());
  return run;
}

void RunFolder::replace_resolved(std::string_view text) const { write_text_file(resolved(), text); }

void RunFolder::fill(std::string_view experiment_toml, std::string_view resolved_toml) {
  write_text_file(experiment(), experiment_toml);
  write_text_file(resolved(), resolved_toml);
  write_text_file(log(), "");
  make_folders(checkpoints());
  sync_folder(path_);
}

RunFolder RunFolder::open(const fs::path& path) {
  fs::path found = path;
  if (!fs::exists(found) && path.is_relative()) found = runs_root() / path;
  if (!fs::is_directory(found)) {
    throw DataError("run: no run folder '" + path.string() + "', neither here nor in '" +
                    runs_root().string() + "'");
  }
  const fs::path folder = fs::canonical(found);
  std::vector<std::string> missing;
  for (const char* name : {"experiment.toml", "resolved.toml", "log.jsonl"}) {
    if (!fs::is_regular_file(folder / name)) missing.emplace_back(name);
  }
  if (!fs::is_directory(folder / "checkpoints")) missing.emplace_back("checkpoints/");
  if (!missing.empty()) {
    std::string names;
    for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
    throw DataError("run: '" + folder.string() + "' is not a complete run folder: missing " +
                    names);
  }
  RunFolder run(folder);
  remove_partial_files(folder);
  remove_partial_files(run.checkpoints());
  return run;
}

}  // namespace kith::host
