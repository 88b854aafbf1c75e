// SPDX-License-Identifier: Apache-2.0
// What an author of plugins has: the installed headers, a pkg-config file, a compiler. No build
// tree, no LibTorch.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// The program that is called `name`, or that the variable names.
std::string tool(const char* variable, const std::string& name) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? name : value;
}

/// The code block of the SDK's README that has `part` in it.
std::string readme_block(const std::string& language, const std::string& part) {
  const auto text = read_text(fs::path(KITH_SOURCE_DIR) / "sdk" / "README.md");
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << "sdk/README.md has no " << part;
  const auto begin = text.rfind("```" + language + "\n", at) + 4 + language.size();
  return text.substr(begin, text.find("\n```", begin) + 1 - begin);
}

class InstalledSdkTest : public Workshop {
 protected:
  /// Installs headers and pkg-config file below folder()/installed.
  void SetUp() override {
    const auto outcome =
        start({tool("KITH_MESON", "meson"), "install", "-C", KITH_BUILD_DIR, "--no-rebuild",
               "--destdir", (folder() / "installed").string(), "--tags", "devel,doc"});
    if (outcome.code == 127) GTEST_SKIP() << "meson is not in the path";
    ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    fs::path file;
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "installed"))
      if (entry.path().filename() == "kith-sdk.pc") file = entry.path();
    ASSERT_FALSE(file.empty()) << "no kith-sdk.pc was installed";
    environment["PKG_CONFIG_PATH"] = file.parent_path().string();
    environment["PKG_CONFIG_SYSROOT_DIR"] = (folder() / "installed").string();
    if (start({"pkg-config", "--version"}).code != 0)
      GTEST_SKIP() << "pkg-config is not in the path";
  }

  std::string library_folder() const {
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "installed"))
      if (entry.path().filename() == "libkith_harness.so")
        return entry.path().parent_path().string();
    ADD_FAILURE() << "no libkith_harness.so was installed";
    return "";
  }

  fs::path write_source(const std::string& shipped, const std::string& as) const {
    auto text = read_text(fs::path(KITH_SOURCE_DIR) / "plugins" / shipped);
    const auto name = fs::path(shipped).stem().string();
    write_text(folder() / (as + ".cpp"),
               replaced(text, "\"org.kith." + name + "\"", "\"org.example." + as + "\""));
    return folder() / (as + ".cpp");
  }

  /// The documented line. Its time in seconds.
  double compile(const std::string& name) const {
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = start({"sh", "-c",
                                tool("CXX", "g++") +
                                    " -shared $(pkg-config --variable=plugin_cxxflags kith-sdk) "
                                    "$(pkg-config --cflags kith-sdk) " +
                                    name + ".cpp -o " + name + ".so"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  void expect_it_runs(const std::string& file, const std::string& id) const {
    const auto made = run(replaced(kSmallExperiment, "head_width",
                                   "loss = { plugin = { file = \"" + file + "\" } }\nhead_width"));
    EXPECT_THAT(read_text(made / "resolved.toml"), HasSubstr(file.substr(file.rfind('/') + 1)));
    const auto inspected = kith({"plugin", "inspect", file});
    EXPECT_EQ(inspected.code, 0) << inspected.err;
    EXPECT_THAT(inspected.out, HasSubstr(id + " 0.1.0"));
    EXPECT_THAT(inspected.out, HasSubstr("this host loads it"));
  }
};

TEST_F(InstalledSdkTest, HasNoHeaderOfLibTorchAndNamesNoFolderOfTheBuild) {
  std::ostringstream all;
  int headers = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder() / "installed")) {
    const auto ending = entry.path().extension().string();
    if (!entry.is_regular_file() || (ending != ".h" && ending != ".hpp" && ending != ".pc"))
      continue;
    const auto text = read_text(entry.path());
    EXPECT_THAT(text, Not(HasSubstr(KITH_SOURCE_DIR))) << entry.path();
    EXPECT_THAT(text, Not(HasSubstr("#include <torch"))) << entry.path();
    EXPECT_THAT(text, Not(HasSubstr("#include <ATen"))) << entry.path();
    headers += entry.path().extension() == ".h" || entry.path().extension() == ".hpp";
  }
  EXPECT_GT(headers, 10);
}

TEST_F(InstalledSdkTest, LossIsBuiltWithOneLineAndRuns) {
  write_idx_data(folder() / "data");
  write_source("losses/nt_xent/nt_xent.cpp", "my_loss");
  std::printf("compiling a loss took %.1f s\n", compile("my_loss"));
  expect_it_runs("./my_loss.so", "org.example.my_loss");
}

TEST_F(InstalledSdkTest, LossThatIsACopyOfAShippedOneGivesItsNumbers) {
  write_idx_data(folder() / "data");
  write_source("losses/nt_xent/nt_xent.cpp", "my_loss");
  compile("my_loss");
  const auto mine = run(replaced(kSmallExperiment, "head_width",
                                 "loss = { plugin = { file = \"./my_loss.so\" } }\nhead_width"));
  expect_equal_numbers(mine, run(kSmallExperiment));
}

TEST_F(InstalledSdkTest, EncoderIsBuiltWithOneLineAndRuns) {
  write_idx_data(folder() / "data");
  write_source("encoders/convnet/convnet.cpp", "my_encoder");
  std::printf("compiling an encoder took %.1f s\n", compile("my_encoder"));
  run(replaced(kSmallExperiment, "plugin = \"convnet\"",
               "plugin = { file = \"./my_encoder.so\" }"));
}

TEST_F(InstalledSdkTest, PluginIsBuiltByAMesonProjectAndRuns) {
  write_idx_data(folder() / "data");
  fs::create_directories(folder() / "project");
  fs::rename(write_source("losses/nt_xent/nt_xent.cpp", "project_loss"),
             folder() / "project" / "project_loss.cpp");
  write_text(folder() / "project" / "meson.build",
             R"(project('project_loss', 'cpp', default_options: ['cpp_std=c++20'])
kith_sdk = dependency('kith-sdk')
shared_module(
    'project_loss',
    'project_loss.cpp',
    dependencies: kith_sdk,
    cpp_args: kith_sdk.get_variable('plugin_cxxflags').split(),
    name_prefix: '',
)
)");
  const auto meson = tool("KITH_MESON", "meson");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{meson, "setup", "project/build", "project"},
                                             {meson, "compile", "-C", "project/build"}}) {
    const auto outcome = start(command);
    ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  }
  expect_it_runs("./project/build/project_loss.so", "org.example.project_loss");
}

TEST_F(InstalledSdkTest, NewPluginIsBuiltByItsMesonProjectAndRuns) {
  write_idx_data(folder() / "data");
  const auto made = kith({"plugin", "new", "loss", "fresh_loss"});
  ASSERT_EQ(made.code, 0) << made.err;
  const auto meson = tool("KITH_MESON", "meson");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{meson, "setup", "fresh_loss/build", "fresh_loss"},
                                             {meson, "compile", "-C", "fresh_loss/build"}}) {
    const auto outcome = start(command);
    ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("warning:")));
  }
  expect_it_runs("./fresh_loss/build/fresh_loss.so", "org.example.fresh_loss");
}

TEST_F(InstalledSdkTest, TestOfAPluginLinksTheHarness) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the README's program is built without the sanitizer that the harness has";
#endif
  write_text(folder() / "alignment.cpp", readme_block("cpp", "\"org.example.alignment\""));
  compile("alignment");
  write_text(folder() / "alignment_test.cpp",
             readme_block("cpp", "kith::harness::LossHarness loss("));
  const auto compiled =
      start({"sh", "-c", readme_block("sh", "g++ -std=c++20 alignment_test.cpp")});
  ASSERT_EQ(compiled.code, 0) << compiled.err;
  environment["LD_LIBRARY_PATH"] = library_folder();
  const auto outcome = start({"./alignment_test"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "alignment 1.000000000000, wanted 1.000000000000\n");
}

}  // namespace
}  // namespace kith::integration
