// SPDX-License-Identifier: Apache-2.0
#include "plugin/trial.h"

#include "plugin/trial_report.h"
#include "plugin_fixture.h"

namespace kith::host {
namespace {

class TrialTest : public PluginTest {
 protected:
  void expect_caught(const std::string& name, const std::vector<std::string>& texts) {
    copy(name);
    const std::string refusal = refusal_of(name);
    EXPECT_NE(refusal.find("KITH-316 'org.test." + name + "' 0.1.0 "), refusal.npos) << refusal;
    for (const std::string& text : texts)
      EXPECT_NE(refusal.find(text), refusal.npos) << "wanted: " << text << "\ngot: " << refusal;
  }
};

TEST_F(TrialTest, CatchesAStaticInitialiserThatThrows) {
  expect_caught("throw", {"was ended by signal 6", "thrown by a static initialiser"});
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatThrowsAnInt) {
  expect_caught("throw_int", {"was ended by signal 6"});
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatAborts) {
  expect_caught("abort", {"was ended by signal 6 (Aborted)"});
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatCrashes) {
  expect_caught("crash", {"when it was loaded for the first time"});
}

TEST_F(TrialTest, CatchesAStaticInitialiserThatEndsTheProcess) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer gives a process that ends while it opens a library its own code";
#endif
  expect_caught("exit", {"ended the process with exit code 0"});
}

TEST_F(TrialTest, CatchesAStaticObjectThatAbortsAtTheEnd) {
  expect_caught("abort_at_end", {"was ended by signal 6 (Aborted)"});
}

TEST_F(TrialTest, LimitsTheMemoryOfTheChild) {
  expect_caught("greedy", {"was ended by signal 6 (Aborted)"});
}

TEST_F(TrialTest, EndsAPluginThatNeverReturns) {
  copy("loop");
  TrialSettings settings = trial();
  settings.time_limit = std::chrono::milliseconds(1500);
  PluginRegistry all({{folder_, "", 2}}, abilities(), settings);
  try {
    all.load(all.find("loss", "loop"));
    FAIL() << "loaded";
  } catch (const PluginRefused& e) {
    EXPECT_NE(std::string(e.what()).find("did not return within 1.5"), std::string::npos)
        << e.what();
  }
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
