// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace kith::integration {
namespace {

Command shell(const std::string& text) {
  return {.program = {"sh", "-c", text},
          .environment = {{"A", "b c"}, {"PATH", "/usr/bin:/bin"}},
          .folder = "/"};
}

TEST(ProcessTest, GivesTextCodeEnvironmentAndFolder) {
  const auto outcome = Process(shell("echo \"$A\"; pwd; echo bad >&2; exit 7")).wait();
  EXPECT_EQ(outcome.code, 7);
  EXPECT_EQ(outcome.out, "b c\n/\n");
  EXPECT_EQ(outcome.err, "bad\n");
}

TEST(ProcessTest, EndsWhatTakesTooLong) {
  const auto outcome = Process(shell("sleep 100")).wait(std::chrono::seconds(1));
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.code, -1);
}

TEST(ProcessTest, TellsTheSignalThatEndedIt) {
  Process process(shell("sleep 100"));
  process.send(SIGKILL);
  EXPECT_EQ(process.wait().signal, SIGKILL);
}

TEST(ProcessTest, GivesATerminalThatIsOne) {
  auto command = shell("test -t 1 && echo yes");
  command.terminal = true;
  EXPECT_EQ(Process(command).wait().out, "yes\r\n");
}

}  // namespace
}  // namespace kith::integration
