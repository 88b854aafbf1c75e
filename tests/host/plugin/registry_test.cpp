// SPDX-License-Identifier: Apache-2.0
#include "plugin/registry.h"

#include "plugin_fixture.h"

namespace kith::host {
namespace {

class PluginRegistryTest : public PluginTest {
 protected:
  static std::string error_of(PluginRegistry& all, const std::string& kind,
                              const std::string& name) {
    try {
      all.find(kind, name);
      return "found";
    } catch (const kith::PluginError& e) {
      return e.what();
    }
  }
};

TEST_F(PluginRegistryTest, FindsByShortNameIdAndFileWithoutRunningAnything) {
  const auto path = copy("complete");
  PluginRegistry all = registry();
  EXPECT_EQ(all.find("loss", "complete").path, path);
  EXPECT_EQ(all.find("loss", "org.test.complete").path, path);
  EXPECT_EQ(all.find("loss", path.string()).path, path);
  EXPECT_EQ(all.find("loss", "complete.so", folder_).path, path);
  EXPECT_EQ(all.find("loss", "./complete.so", folder_).metadata.version, "1.2.3");
  EXPECT_EQ(all.find("loss", "complete").sha256.size(), 64u);
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(PluginRegistryTest, SuggestsNearestNameForUnknownPlugin) {
  copy("complete");
  PluginRegistry all = registry();
  EXPECT_EQ(error_of(all, "loss", "compleet"),
            "loader: no loss 'compleet'; did you mean 'complete'?");
  EXPECT_EQ(error_of(all, "loss", "org.test.compete"),
            "loader: no loss 'org.test.compete'; did you mean 'org.test.complete'?");
  EXPECT_EQ(error_of(all, "loss", "barlow_twins"),
            "loader: no loss 'barlow_twins'; there are: complete");
  EXPECT_EQ(
      error_of(all, "encoder", "resnet"),
      "loader: no encoder 'resnet'; no plugin of that kind was found in: " + folder_.string());
}

TEST_F(PluginRegistryTest, NamesTheKindOfAPluginThatIsMeantForAnother) {
  copy("complete");
  PluginRegistry all = registry();
  EXPECT_EQ(error_of(all, "encoder", "complete"),
            "loader: no encoder 'complete'; 'complete' is a loss");
  EXPECT_NE(error_of(all, "encoder", "org.test.complete")
                .find("loader: org.test.complete is a loss, wanted an encoder"),
            std::string::npos);
}

TEST_F(PluginRegistryTest, DemandsTheFullIdForAnAmbiguousName) {
  copy("plain");
  copy("elsewhere");
  PluginRegistry all = registry();
  EXPECT_EQ(error_of(all, "loss", "plain"),
            "loader: the short name 'plain' means 2 plugins of kind loss: org.elsewhere.plain, "
            "org.test.plain; write the full id");
  EXPECT_EQ(all.find("loss", "org.elsewhere.plain").metadata.id, "org.elsewhere.plain");
}

TEST_F(PluginRegistryTest, NamesBothFilesOfAnIdThatIsTwiceInOneFolder) {
  const auto first = copy("plain");
  const auto second = copy("plain_again");
  copy("complete");
  PluginRegistry all = registry();
  const std::string text = error_of(all, "loss", "plain");
  EXPECT_NE(text.find("KITH-313 'org.test.plain' is there twice in one folder"), text.npos) << text;
  EXPECT_NE(text.find(first.string() + " and " + second.string()), text.npos) << text;
  EXPECT_EQ(all.find("loss", "complete").metadata.name, "complete");
}

TEST_F(PluginRegistryTest, TakesTheSameFileTwiceInOneFolderAsOne) {
  copy("plain");
  copy("plain", "sub/plain");
  PluginRegistry all = registry();
  EXPECT_EQ(all.find("loss", "plain").path, folder_ / "plain.so");
}

TEST_F(PluginRegistryTest, TakesThePluginOfTheNearerFolderAndSaysSo) {
  copy("plain_again", "near/plain");
  copy("plain", "far/plain");
  PluginRegistry all({{folder_ / "near", "the experiment's folder", 0},
                      {folder_ / "far", "next to the program", 0}},
                     abilities(), trial());
  EXPECT_EQ(all.find("loss", "plain").path, folder_ / "near" / "plain.so");
  ASSERT_EQ(all.messages().size(), 1u);
  EXPECT_EQ(all.messages()[0],
            "loader: 'org.test.plain' is taken from " + (folder_ / "near" / "plain.so").string() +
                " (the experiment's folder), not from " + (folder_ / "far" / "plain.so").string());
}

TEST_F(PluginRegistryTest, AFileThatIsNamedWinsOverItsId) {
  copy("plain", "found/plain");
  const auto named = copy("plain_again", "named/plain");
  PluginRegistry all({{folder_ / "found", "", 0}}, abilities(), trial());
  all.find_file("loss", named);
  EXPECT_EQ(all.find("loss", "plain").path, named);
  EXPECT_EQ(all.find("loss", "org.test.plain").path, named);
}

TEST_F(PluginRegistryTest, ABadFileHidesNoOther) {
  copy("complete");
  write("a_text.so", {'x'});
  write("broken.so", {'\x7f', 'E', 'L', 'F'});
  PluginRegistry all = registry();
  EXPECT_EQ(all.records().size(), 1u);
  ASSERT_EQ(all.refused().size(), 2u);
  EXPECT_EQ(all.find("loss", "complete").metadata.name, "complete");
  EXPECT_NE(error_of(all, "loss", "broken").find("KITH-207 'broken.so' is truncated or damaged"),
            std::string::npos);
  EXPECT_EQ(all.messages().size(), 2u);
}

TEST_F(PluginRegistryTest, ScansAgainForWhatIsNew) {
  copy("plain");
  PluginRegistry all = registry();
  const PluginRecord& before = all.find("loss", "plain");
  copy("complete");
  all.scan();
  EXPECT_EQ(all.records().size(), 2u);
  EXPECT_EQ(&all.find("loss", "plain"), &before);
}

TEST_F(PluginRegistryTest, ReadsButLoadsNothingWithoutAHost) {
  copy("plain");
  HostAbilities reader = abilities();
  reader.host = nullptr;
  PluginRegistry all({{folder_, "", 0}}, reader, trial());
  EXPECT_THROW(all.load(all.find("loss", "plain")), kith::Error);
  EXPECT_FALSE(plugin_code_ran());
}

}  // namespace
}  // namespace kith::host
