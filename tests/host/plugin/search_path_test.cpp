// SPDX-License-Identifier: Apache-2.0
#include "plugin/search_path.h"

#include <cstdlib>

#include "plugin_fixture.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

class SearchPathTest : public PluginTest {
 protected:
  std::vector<std::string> paths(const fs::path& experiment, const fs::path& program) {
    std::vector<std::string> out;
    for (const PluginFolder& folder : plugin_search_path(experiment, program))
      out.push_back(folder.path.string());
    return out;
  }
};

TEST_F(SearchPathTest, GoesFromTheExperimentToTheProgram) {
  ::setenv("KITH_PLUGIN_PATH", "/one::/two", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  fs::create_directories(folder_ / "bin");
  write("bin/kith", {'x'});
  const std::string root = folder_.string();
  EXPECT_EQ(paths("/exp", folder_ / "bin" / "kith"),
            (std::vector<std::string>{"/exp", "/exp/plugins", "/one", "/two", "/data/kith/plugins",
                                      root + "/bin/plugins", root + "/lib/kith/plugins",
                                      root + "/lib64/kith/plugins",
                                      root + "/lib/x86_64-linux-gnu/kith/plugins"}));
  ::unsetenv("KITH_PLUGIN_PATH");
  ::unsetenv("XDG_DATA_HOME");
}

TEST_F(SearchPathTest, LooksIntoTheBuildTreeOfAProgramThatWasJustBuilt) {
  fs::create_directories(folder_ / "host" / "cli");
  write("host/cli/kith", {'x'});
  write("build.ninja", {'x'});
  const auto all = plugin_search_path("", folder_ / "host" / "cli" / "kith");
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().path, folder_ / "plugins");
  EXPECT_EQ(all.back().reason, "the program's build tree");
  EXPECT_EQ(all.back().depth, 2);
}

TEST_F(SearchPathTest, NamesAFolderOnce) {
  ::setenv("KITH_PLUGIN_PATH", folder_.c_str(), 1);
  int times = 0;
  for (const PluginFolder& folder : plugin_search_path(folder_))
    times += folder.path == folder_ ? 1 : 0;
  EXPECT_EQ(times, 1);
  ::unsetenv("KITH_PLUGIN_PATH");
}

TEST_F(SearchPathTest, ListsLibrariesSortedAndAsDeepAsAsked) {
  for (const char* name :
       {"b.so", "a.so", "one/c.so", "one/two/d.so", "one/two/three/e.so", ".hidden/f.so"}) {
    fs::create_directories((folder_ / name).parent_path());
    write(name, {'x'});
  }
  write("a.txt", {'x'});
  const auto names = [&](int depth) {
    std::vector<std::string> out;
    for (const fs::path& file : plugin_files_in(folder_, depth))
      out.push_back(fs::relative(file, folder_).string());
    return out;
  };
  EXPECT_EQ(names(0), (std::vector<std::string>{"a.so", "b.so"}));
  EXPECT_EQ(names(2), (std::vector<std::string>{"a.so", "b.so", "one/c.so", "one/two/d.so"}));
  EXPECT_TRUE(plugin_files_in(folder_ / "absent", 2).empty());
}

}  // namespace
}  // namespace kith::host
