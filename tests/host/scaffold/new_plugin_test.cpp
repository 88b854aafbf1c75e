// SPDX-License-Identifier: Apache-2.0
#include "scaffold/new_plugin.h"

#include <gmock/gmock.h>

#include <fstream>
#include <kith/error.hpp>
#include <sstream>

#include "temp_folder.h"

namespace kith::host {
namespace {

using testing::HasSubstr;
using testing::Not;

class NewPluginTest : public testing::Test {
 protected:
  std::string text_of(const std::string& file) const {
    std::ifstream stream(folder_ / file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::string error_of(const std::string& kind, const std::string& name,
                       const std::string& folder = "new") const {
    try {
      write_new_plugin(kind, name, folder_ / folder);
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  }
  const TempFolder folder_;
};

TEST_F(NewPluginTest, WritesSourceReadmeAndBuildFileUnderTheNewName) {
  for (const auto& kind : plugin_kinds()) {
    const auto name = "deep_" + kind;
    EXPECT_EQ(write_new_plugin(kind, name, folder_ / kind),
              (std::vector<std::string>{name + ".cpp", "README.md", "meson.build"}));
    const auto source = text_of(kind + "/" + name + ".cpp");
    EXPECT_THAT(source, HasSubstr("// SPDX-License-Identifier: Apache-2.0"));
    EXPECT_THAT(source, HasSubstr("\"org.example." + name + "\""));
    EXPECT_THAT(source, HasSubstr("KITH_PLUGIN(" + class_name(name) + ");"));
    const auto readme = text_of(kind + "/README.md"), build = text_of(kind + "/meson.build");
    EXPECT_THAT(readme, HasSubstr("# " + name + "\n"));
    EXPECT_THAT(build, HasSubstr("'" + name + ".cpp'"));
    for (const auto& text : {source, readme, build}) {
      EXPECT_THAT(text, Not(HasSubstr("my_")));
      EXPECT_THAT(text, Not(HasSubstr("My")));
    }
  }
}

TEST_F(NewPluginTest, TakesANameThatHasTheTemplatesNameInIt) {
  write_new_plugin("loss", "my_loss_2", folder_ / "new");
  EXPECT_THAT(text_of("new/my_loss_2.cpp"), HasSubstr("class MyLoss2 : public kith::Loss"));
  EXPECT_THAT(text_of("new/README.md"), HasSubstr("./my_loss_2.so"));
}

TEST_F(NewPluginTest, FillsAFolderThatIsEmpty) {
  std::filesystem::create_directory(folder_ / "new");
  EXPECT_EQ(error_of("loss", "fine"), "");
}

TEST_F(NewPluginTest, NamesTheNearestKind) {
  EXPECT_EQ(error_of("los", "fine"), "plugin new: no kind 'los'; did you mean 'loss'?");
  EXPECT_EQ(error_of("optimizer", "fine"),
            "plugin new: no kind 'optimizer'; there are: augmentation, encoder, evaluation, loss, "
            "method");
}

TEST_F(NewPluginTest, RefusesANameThatIsNoneAndSuggestsOne) {
  const std::string rule =
      "plugin new: a name must be small letters, digits and underscores, begin with a letter and "
      "have at most 60 characters, got '";
  EXPECT_EQ(error_of("loss", "My-Loss"), rule + "My-Loss'; did you mean 'my_loss'?");
  EXPECT_EQ(error_of("loss", "InfoNCE"), rule + "InfoNCE'; did you mean 'info_nce'?");
  EXPECT_EQ(error_of("loss", "../evil"), rule + "../evil'; did you mean 'evil'?");
  EXPECT_EQ(error_of("loss", "3d loss"), rule + "3d loss'; did you mean 'd_loss'?");
  EXPECT_EQ(error_of("loss", ""), rule + "'");
  EXPECT_EQ(error_of("loss", "\xc3\xa4"), rule + "\xc3\xa4'");
  EXPECT_EQ(error_of("loss", std::string(61, 'a')), rule + std::string(61, 'a') + "'");
  EXPECT_EQ(error_of("loss", "tensor"),
            "plugin new: the name 'tensor' is the SDK's own; take another");
}

TEST_F(NewPluginTest, OverwritesNothing) {
  std::ofstream(folder_ / "file") << "mine";
  EXPECT_EQ(error_of("loss", "fine", "file"),
            "plugin new: '" + (folder_ / "file").string() +
                "' must be a folder that is not there yet, it is a file; --folder names another");
  std::filesystem::create_directory(folder_ / "full");
  std::ofstream(folder_ / "full" / "a") << "mine";
  EXPECT_EQ(error_of("loss", "fine", "full"),
            "plugin new: the folder '" + (folder_ / "full").string() +
                "' must not be there yet or be empty, it holds files; --folder names another");
}

TEST_F(NewPluginTest, SaysThatAFolderCannotBeMade) {
  std::ofstream(folder_ / "file") << "mine";
  EXPECT_THAT(error_of("loss", "fine", "file/below"), HasSubstr("plugin new: "));
}

}  // namespace
}  // namespace kith::host
