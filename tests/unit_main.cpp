// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/plugin/plugin_fixture.h"
#include "plugin/trial.h"

/// The main of the test program without LibTorch; it is its own child for the trial of a plugin:
/// `unit_test plugin-trial SHA256:FILE...`.
int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == kith::host::kTrialCommand) {
    const std::vector<std::string> files(argv + 2, argv + argc);
    return kith::host::run_trial(files, kith::host::error_keeping_host());
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
