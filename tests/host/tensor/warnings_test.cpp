// SPDX-License-Identifier: Apache-2.0
#include "tensor/warnings.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <gmock/gmock.h>

#include <vector>

namespace kith::host {
namespace {

using testing::ElementsAre;

TEST(WarningsTest, EachTextIsToldOnceWhileItLives) {
  std::vector<std::string> told;
  auto* const before = c10::WarningUtils::get_warning_handler();
  {
    const WarningsTold telling([&](const std::string& text) { told.push_back(text); });
    for (int i = 0; i < 3; ++i) TORCH_WARN("the first of its kind");
    TORCH_WARN("another");
  }
  EXPECT_THAT(told, ElementsAre("LibTorch: the first of its kind", "LibTorch: another"));
  EXPECT_EQ(c10::WarningUtils::get_warning_handler(), before);
}

TEST(WarningsTest, AnOperatorWithoutADeterministicFormIsToldInTheWordsOfARun) {
  auto& context = at::globalContext();
  const bool settled = context.deterministicAlgorithms(),
             warns = context.deterministicAlgorithmsWarnOnly();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  std::vector<std::string> told;
  {
    const WarningsTold telling([&](const std::string& text) { told.push_back(text); });
    at::Context::alertNotDeterministic("some_backward_cuda");
  }
  context.setDeterministicAlgorithms(settled, warns);
  EXPECT_THAT(told, ElementsAre("some_backward_cuda adds in an order of chance and has no other "
                                "form: two runs of one seed may differ in the last digits from "
                                "here on"));
}

}  // namespace
}  // namespace kith::host
