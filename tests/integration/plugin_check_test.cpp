// SPDX-License-Identifier: Apache-2.0
// `kith plugin new` and `kith plugin check`, as an author of a plugin uses them.
#include <gmock/gmock.h>

#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string unsound(const std::string& name) {
  return KITH_BUILD_DIR "/tests/fixtures/unsound/" + name + ".so";
}

/// What stands in the last line of a text, which ends with a line break.
std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n') + 1;
  const auto begin = text.rfind('\n', end - 1) + 1;
  return text.substr(begin, end - begin);
}

class PluginNewTest : public Workshop, public testing::WithParamInterface<const char*> {};

TEST_P(PluginNewTest, IsBuiltLoadedAndCheckedByTheLineThatItPrints) {
  const std::string kind = GetParam(), name = "a_" + kind;
  const auto made = kith({"plugin", "new", kind, name});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("wrote the " + kind + " '" + name + "':\n  " + name + "/" + name +
                                  ".cpp\n  " + name + "/README.md\n  " + name + "/meson.build\n"));
  const auto built = start({"sh", "-c", last_line(made.out)});
  EXPECT_EQ(built.code, 0) << built.out << built.err;
  EXPECT_EQ(built.err, "");  // no warning of the compiler either
  EXPECT_THAT(built.out, HasSubstr("org.example." + name + " 0.1.0, " + kind));
  EXPECT_THAT(built.out, ContainsRegex(name + ": [0-9]+ passed, 0 failed, [0-9]+ skipped\n"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, PluginNewTest,
                         testing::Values("augmentation", "encoder", "evaluation", "loss", "method"),
                         [](const auto& info) { return std::string(info.param); });

class PluginCheckTest : public Workshop {};

TEST_F(PluginCheckTest, PassesAShippedPluginByItsShortName) {
  const auto outcome = kith({"plugin", "check", "nt_xent"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  for (const char* text :
       {"org.kith.nt_xent 0.1.0, loss ", "  pass  load ", "  pass  option_ends ",
        "  pass  gradient ", "largest relative error ", "  pass  dtypes ", "  pass  no_state ",
        ".so, on ", "0 read-backs", "nt_xent: 8 passed, 0 failed, 0 skipped\n"})
    EXPECT_THAT(outcome.out, HasSubstr(text));
}

TEST_F(PluginCheckTest, NamesTheCheckThatFailsAndGoesOn) {
  const auto outcome = kith({"plugin", "check", unsound("loss_crash")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("  pass  load "));
  EXPECT_THAT(outcome.out,
              ContainsRegex("  FAIL  zero_rows .*\n        - the check's process was ended by "
                            "signal 11 \\(Segmentation fault\\) before it was done"));
  EXPECT_THAT(outcome.out, HasSubstr("  FAIL  operators "));
  EXPECT_THAT(outcome.out, ContainsRegex("loss_crash: 1 passed, 7 failed, 0 skipped\n$"));
}

TEST_F(PluginCheckTest, ShowsTheFourLinesOfAPluginThatCannotBeLoaded) {
  const auto outcome = kith({"plugin", "check", KITH_PLUGIN_FIXTURES "/throw.so"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("  FAIL  load "));
  EXPECT_THAT(outcome.out, HasSubstr("- KITH-316 'org.test.throw' 0.1.0 was ended by signal 6"));
  EXPECT_THAT(outcome.out, HasSubstr("throw: 0 passed, 1 failed, 0 skipped\n"));
}

TEST_F(PluginCheckTest, TriesAPluginAgainThatWasLoadedBefore) {
  environment["KITH_TEST_MARKER"] = (folder() / "ran").string();
  for (int round = 0; round < 2; ++round) {
    kith({"plugin", "check", KITH_PLUGIN_FIXTURES "/plain.so"});
    EXPECT_TRUE(fs::remove(folder() / "ran")) << "round " << round;
  }
}

TEST_F(PluginCheckTest, AFileThatIsNoPluginIsRefused) {
  write_text(folder() / "text.so", "I am text\n");
  const auto outcome = kith({"plugin", "check", "./text.so"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("KITH-206 'text.so' is no plugin for this machine"));
  EXPECT_THAT(kith({"plugin", "check", "nt_xnt"}).err,
              HasSubstr("plugin: none is called 'nt_xnt'; did you mean 'nt_xent'?"));
}

TEST_F(PluginCheckTest, MistakesOfNewAreErrorsAndWriteNothing) {
  const auto outcome = kith({"plugin", "new", "loss", "My-Loss"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("got 'My-Loss'; did you mean 'my_loss'?"));
  EXPECT_THAT(kith({"plugin", "new", "los", "fine"}).err,
              HasSubstr("no kind 'los'; did you mean 'loss'?"));
  EXPECT_FALSE(fs::exists(folder() / "fine"));
  EXPECT_EQ(kith({"plugin", "new", "loss", "fine", "--folder", "deep/er"}).code, 0);
  EXPECT_TRUE(fs::exists(folder() / "deep" / "er" / "fine.cpp"));
}

}  // namespace
}  // namespace kith::integration
