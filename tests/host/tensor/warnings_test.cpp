// SPDX-License-Identifier: Apache-2.0
#include "tensor/warnings.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace kith::host {
namespace {

/// What is printed to standard error while `work` runs with the handler of warnings in force.
template <class Work>
std::string told(Work&& work) {
  auto* before = c10::WarningUtils::get_warning_handler();
  tell_warnings_once();
  testing::internal::CaptureStderr();
  work();
  auto text = testing::internal::GetCapturedStderr();
  c10::WarningUtils::set_warning_handler(before);
  return text;
}

TEST(WarningsTest, EachTextIsToldOnce) {
  EXPECT_EQ(told([] {
              for (int i = 0; i < 3; ++i) TORCH_WARN("the first of its kind");
              TORCH_WARN("another");
            }),
            "warning: LibTorch: the first of its kind\nwarning: LibTorch: another\n");
  EXPECT_EQ(told([] { TORCH_WARN("another"); }), "") << "not again in the process";
}

TEST(WarningsTest, AnOperatorWithoutADeterministicFormIsToldInTheWordsOfARun) {
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  EXPECT_EQ(
      told([] { at::Context::alertNotDeterministic("some_backward_cuda"); }),
      "warning: some_backward_cuda adds in an order of chance and has no other form: two runs "
      "of one seed may differ in the last digits from here on\n");
  context.setDeterministicAlgorithms(false, false);
}

}  // namespace
}  // namespace kith::host
