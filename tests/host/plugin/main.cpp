// SPDX-License-Identifier: Apache-2.0
// The tests' program is also the program that trials start: `plugin_test plugin-trial FILE...`.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "plugin/trial.h"
#include "plugin_fixture.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == kith::host::kTrialCommand) {
    const std::vector<std::string> files(argv + 2, argv + argc);
    return kith::host::run_trial(files, kith::host::error_keeping_host());
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
