// SPDX-License-Identifier: Apache-2.0
#include "workshop.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace kith::integration {
namespace fs = std::filesystem;
namespace {

/// This process's environment without what would change what the program does; runs are on the CPU
/// unless KITH_DEVICE says otherwise.
std::map<std::string, std::string> inherited_environment() {
  std::map<std::string, std::string> all;
  const char* device = std::getenv("KITH_DEVICE");
  all["KITH_DEVICE"] = device == nullptr ? "cpu" : device;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto end = text.find('=');
    const auto name = text.substr(0, end);
    if (name.starts_with("KITH_") || name.starts_with("XDG_") || name.starts_with("GTEST_"))
      continue;
    if (end != std::string_view::npos) all[std::string(name)] = text.substr(end + 1);
  }
  return all;
}

/// One cache for all tests of this process: the shipped plugins are tried once.
const fs::path& shared_cache() {
  static const TempFolder cache;
  return cache.path();
}

}  // namespace

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << text;
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  const auto place = text.find(old);
  if (place == std::string::npos) throw std::logic_error("no '" + old + "' in the text");
  return text.replace(place, old.size(), with);
}

fs::path kith_program() {
  if (const char* named = std::getenv("KITH_PROGRAM")) return named;
  return fs::path(KITH_BUILD_DIR) / "host" / "cli" / "kith";
}
fs::path shipped_plugins() { return fs::path(KITH_BUILD_DIR) / "plugins"; }

Workshop::Workshop() : environment(inherited_environment()) {
  environment["HOME"] = (folder() / "home").string();
  environment["XDG_CACHE_HOME"] = shared_cache().string();
  environment["KITH_RUNS"] = runs().string();
  fs::create_directories(folder() / "home");
}

std::vector<fs::path> Workshop::made_runs() const {
  std::vector<fs::path> found;
  if (!fs::exists(runs())) return found;
  for (const auto& entry : fs::directory_iterator(runs())) {
    if (!entry.is_symlink()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Command Workshop::command(const std::vector<std::string>& arguments) const {
  Command result;
  result.program = {kith_program().string()};
  result.program.insert(result.program.end(), arguments.begin(), arguments.end());
  result.environment = environment;
  result.folder = folder();
  return result;
}

Outcome Workshop::kith(const std::vector<std::string>& arguments) const {
  auto outcome = Process(command(arguments)).wait();
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.signal, 0) << outcome.err;
  return outcome;
}

Outcome Workshop::start(const std::vector<std::string>& program) const {
  auto started = command({});
  started.program = program;
  try {
    return Process(started).wait();
  } catch (const std::runtime_error& error) {
    Outcome outcome;  // as a shell tells it
    outcome.code = 127;
    outcome.err = error.what();
    return outcome;
  }
}

void Workshop::take_plugin(const fs::path& from, const std::string& name) const {
  fs::create_directories(folder() / "plugins");
  fs::copy_file(from / (name + ".so"), folder() / "plugins" / (name + ".so"));
}

std::string Workshop::experiment(const std::string& text, const std::string& name) const {
  write_text(folder() / name, text);
  return name;
}

std::string Workshop::error_of_run(const std::string& text,
                                   const std::vector<std::string>& more) const {
  const auto before = made_runs();
  std::vector<std::string> arguments{"run", experiment(text)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto outcome = kith(arguments);
  EXPECT_EQ(outcome.code, 1) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(made_runs(), before) << "a run folder was left behind";
  return outcome.err;
}

fs::path Workshop::run(const std::string& text, const std::vector<std::string>& more) const {
  static int number = 0;
  const auto made = folder() / ("run" + std::to_string(number++));
  std::vector<std::string> arguments{"run", experiment(text), "--folder", made.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto outcome = kith(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  return made;
}

}  // namespace kith::integration
