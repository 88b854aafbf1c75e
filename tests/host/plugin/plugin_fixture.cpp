// SPDX-License-Identifier: Apache-2.0
#include "plugin_fixture.h"

#include <stdlib.h>

#include <algorithm>

namespace kith::host {
namespace fs = std::filesystem;
namespace {

thread_local std::string error_text;
thread_local int error_kind = 0;

const void* query(const char*, std::uint32_t) { return nullptr; }
void set_error(std::int32_t kind, kith_text text) {
  error_kind = kind;
  error_text.assign(text.data, text.size);
}
kith_text get_error(std::int32_t* kind) {
  *kind = error_kind;
  return {error_text.data(), error_text.size()};
}

}  // namespace

const kith_host* error_keeping_host() {
  static const kith_host host{sizeof(kith_host), 1, &query, &set_error, &get_error};
  return &host;
}
std::string last_error() { return error_text; }
int last_error_kind() { return error_kind; }

PluginTest::PluginTest() {
  marker_ = fs::path(folder_.string() + ".marker");
  ::setenv("KITH_TEST_MARKER", marker_.c_str(), 1);
}

PluginTest::~PluginTest() {
  fs::remove(marker_);
  fs::remove_all(folder_.string() + ".cache");
}

fs::path PluginTest::fixture(const std::string& name) {
  return fs::path(KITH_PLUGIN_FIXTURES) / (name + ".so");
}

std::vector<char> PluginTest::bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path PluginTest::write(const std::string& name, const std::vector<char>& bytes) const {
  std::ofstream(folder_ / name, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return folder_ / name;
}

fs::path PluginTest::copy(const std::string& name, const std::string& as) const {
  const fs::path to = folder_ / ((as.empty() ? name : as) + ".so");
  fs::create_directories(to.parent_path());
  fs::copy_file(fixture(name), to);
  return to;
}

fs::path PluginTest::copy_with(const std::string& name, const std::string& from,
                               const std::string& to) const {
  std::vector<char> bytes = bytes_of(fixture(name));
  EXPECT_EQ(from.size(), to.size());
  auto at = std::search(bytes.begin(), bytes.end(), from.begin(), from.end());
  EXPECT_NE(at, bytes.end()) << from << " is not in " << name;
  for (; at != bytes.end(); at = std::search(at, bytes.end(), from.begin(), from.end()))
    at = std::copy(to.begin(), to.end(), at);
  return write(name + ".so", bytes);
}

HostAbilities PluginTest::abilities() const {
  HostAbilities host;
  host.has_service = [](const std::string& id) { return id == "kith.tensor/1"; };
  host.has_operator = [](const std::string& name) {
    return name == "aten::matmul" || name == "aten::add.Tensor";
  };
  host.libtorch_version = "2.15.0";
  host.host = error_keeping_host();
  return host;
}

TrialSettings PluginTest::trial() const {
  TrialSettings settings;
  settings.cache_folder = folder_.string() + ".cache";
  return settings;
}

PluginRegistry PluginTest::registry() const {
  return PluginRegistry({{folder_, "the test's folder", 2}}, abilities(), trial());
}

std::string PluginTest::refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const PluginRefused& e) {
    return e.what();
  }
  return "";
}

std::string PluginTest::refusal_of(const std::string& name) const {
  PluginRegistry all = registry();
  const auto text = refusal([&] { all.load(all.find("loss", name)); });
  return text.empty() ? "loaded" : text;
}

}  // namespace kith::host
