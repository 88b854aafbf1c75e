// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <iostream>
#include <kith/error.hpp>
#include <kith/harness.hpp>
#include <string_view>

#include "conformance/check_child.h"
#include "device.h"

/// The main of the test program that links LibTorch; it is its own child for the first trial of a
/// plugin, and for a check.
int main(int argc, char** argv) {
  if (const auto code = kith::harness::trial_exit_code(argc, argv)) return *code;
  if (argc == 4 && std::string_view(argv[1]) == kith::conformance::kCheckCommand)
    return kith::conformance::run_check_child(argv[2], argv[3]);
  at::set_num_threads(1);  // tests run beside each other
  testing::InitGoogleTest(&argc, argv);
  try {
    kith::host::test::device();  // LibTorch asks once whether there is CUDA, and remembers it
  } catch (const kith::Error& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
