// SPDX-License-Identifier: Apache-2.0
#include "plugin/trial.h"

#include <gmock/gmock.h>

#include "plugin/trial_report.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class TrialTest : public PluginTest {
 protected:
  /// Holds a refusal against its four lines.
  /// @param how      the child ended: "was ended by signal 6 (Aborted)"; empty: whichever way.
  /// @param printed  what of the child's words is told.
  void expect_trial_failed(const std::string& refusal, const std::string& name,
                           const std::string& how, const std::string& printed = "") const {
    EXPECT_THAT(refusal, StartsWith("KITH-316 'org.test." + name + "' 0.1.0 " + how));
    EXPECT_THAT(refusal, HasSubstr(how + " when it was loaded for the first time\n  plugin : " +
                                   (folder_ / (name + ".so")).string()));
    EXPECT_THAT(refusal, HasSubstr(printed));
    EXPECT_THAT(refusal,
                EndsWith("\n  host   : tries a new plugin in a process of its own first; this one "
                         "is unharmed\n  do     : keep work out of static initialisers; then build "
                         "the plugin again"));
  }
  void expect_caught(const std::string& name, const std::string& how,
                     const std::string& printed = "") {
    copy(name);
    expect_trial_failed(refusal_of(name), name, how, printed);
  }
};

TEST_F(TrialTest, CatchesAStaticInitialiserThatThrows) {
  expect_caught("throw", "was ended by signal 6 (Aborted)", "thrown by a static initialiser");
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatThrowsAnInt) {
  expect_caught("throw_int", "was ended by signal 6 (Aborted)");
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatAborts) {
  expect_caught("abort", "was ended by signal 6 (Aborted)");
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatCrashes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  expect_caught("crash", "");  // a sanitizer catches the signal and ends the process its own way
#else
  expect_caught("crash", "was ended by signal 11 (Segmentation fault)");
#endif
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatEndsTheProcess) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer gives a process that ends while it opens a library its own code";
#endif
  expect_caught("exit", "ended the process with exit code 0");
}

TEST_F(TrialTest, CatchesAStaticObjectThatAbortsAtTheEnd) {
  expect_caught("abort_at_end", "was ended by signal 6 (Aborted)");
}

TEST_F(TrialTest, LimitsTheMemoryOfTheChild) {
  expect_caught("greedy", "was ended by signal 6 (Aborted)");
}

TEST_F(TrialTest, EndsAPluginThatNeverReturns) {
  copy("loop");
  TrialSettings settings = trial();
  settings.time_limit = std::chrono::milliseconds(1500);
  PluginRegistry all({{folder_, "", 2}}, abilities(), settings);
  expect_trial_failed(refusal([&] { all.load(all.find("loss", "loop")); }), "loop",
                      "did not return within 1.50 s");
}

TEST_F(TrialTest, LetsNoBadPluginHideAnother) {
  copy("plain");
  copy("throw");
  copy("exit");
  copy("elsewhere");
  PluginRegistry all = registry();
  const std::vector<const PluginRecord*> wanted{
      &all.find("loss", "org.elsewhere.plain"), &all.find("loss", "exit"),
      &all.find("loss", "throw"), &all.find("loss", "org.test.plain")};
  try {
    all.check(wanted);
    FAIL() << "all passed";
  } catch (const kith::PluginError& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("'org.test.throw'"), text.npos) << text;
    EXPECT_NE(text.find("'org.test.exit'"), text.npos) << text;
    EXPECT_EQ(text.find("plain"), text.npos) << text;
  }
  EXPECT_NE(all.load(*wanted[0]).table, nullptr);
  EXPECT_NE(all.load(*wanted[3]).table, nullptr);
}

TEST_F(TrialTest, TriesTheSameFileOnceOnly) {
  copy("plain");
  PluginRegistry first = registry();
  first.check({&first.find("loss", "plain")});
  EXPECT_TRUE(plugin_code_ran());
  clear_marker();
  PluginRegistry second = registry();
  second.check({&second.find("loss", "plain")});
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(TrialTest, TriesAgainWhereNothingIsRemembered) {
  copy("plain");
  TrialSettings settings = trial();
  settings.cache_folder.clear();
  for (int round = 0; round < 2; ++round) {
    clear_marker();
    PluginRegistry all({{folder_, "", 2}}, abilities(), settings);
    all.check({&all.find("loss", "plain")});
    EXPECT_TRUE(plugin_code_ran());
  }
}

TEST_F(TrialTest, DoesNotRememberAFailure) {
  copy("throw");
  EXPECT_NE(refusal_of("throw").find("KITH-316"), std::string::npos);
  EXPECT_NE(refusal_of("throw").find("KITH-316"), std::string::npos);
}

TEST_F(TrialTest, OpensNoOtherBytesThanThoseThatWereChecked) {
  copy("plain");
  copy("elsewhere");
  const PluginFile checked = read_plugin_file(folder_ / "plain.so");
  PluginMetadata metadata;
  metadata.id = "org.test.plain";
  fs::rename(folder_ / "elsewhere.so", folder_ / "plain.so");
  const auto refusals = try_plugins({{&checked, &metadata}}, "", trial());
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].code, RefusalCode::kChanged);
  EXPECT_EQ(refusals[0].what, "'plain.so' changed while it was checked");
  EXPECT_EQ(refusals[0].host, "checked SHA-256 " + checked.sha256);
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(TrialTest, SaysThatTheProgramToStartIsAbsent) {
  copy("plain");
  TrialSettings settings = trial();
  settings.program = "/nonexistent/program";
  PluginRegistry all({{folder_, "", 2}}, abilities(), settings);
  try {
    all.check({&all.find("loss", "plain")});
    FAIL() << "passed";
  } catch (const kith::Error& e) {
    EXPECT_NE(std::string(e.what()).find("cannot start /nonexistent/program"), std::string::npos)
        << e.what();
  }
}

TEST_F(TrialTest, RecordsComeBackAsTheyWereWritten) {
  const TrialRecord one{"passed", "/a b/c.so", ""};
  const TrialRecord two{"refused", "x\ny"};
  const std::string bytes = write_record(one) + write_record(two);
  EXPECT_EQ(read_records(bytes), (std::vector<TrialRecord>{one, two}));
  EXPECT_EQ(read_records(std::string_view(bytes).substr(0, bytes.size() - 1)),
            (std::vector<TrialRecord>{one}));
}

}  // namespace
}  // namespace kith::host
