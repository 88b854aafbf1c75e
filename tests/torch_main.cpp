// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "plugin/trial.h"
#include "tensor/border.h"

/// The main of the test program that links LibTorch; it is its own child for the first trial of a plugin.
int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == kith::host::kTrialCommand) {
    const std::vector<std::string> files(argv + 2, argv + argc);
    return kith::host::run_trial(files, kith::host::host_table());
  }
  at::set_num_threads(1);  // tests run beside each other
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
