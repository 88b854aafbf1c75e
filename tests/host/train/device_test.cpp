// SPDX-License-Identifier: Apache-2.0
#include "train/device.h"

#include <ATen/Context.h>
#include <gmock/gmock.h>

#include <kith/error.hpp>

namespace kith::host {
namespace {

std::string device_refusal(const std::string& word) {
  try {
    open_device(word);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return {};
}

TEST(DeviceTest, CpuIsAlwaysThere) { EXPECT_TRUE(open_device("cpu").is_cpu()); }

TEST(DeviceTest, AnotherWordIsAnErrorWithTheChoices) {
  EXPECT_EQ(device_refusal("gpu"), "device: wanted auto, cpu or cuda, got 'gpu'");
}

TEST(DeviceTest, CudaThatIsAbsentIsAnErrorThatSaysWhatIsMissing) {
  if (sees_gpu()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(device_refusal("cuda"),
            "device: cuda was asked for and can't be used: no NVIDIA GPU is seen (no /dev/nvidia0 "
            "and no /dev/dxg)");
}

TEST(DeviceTest, AutoTakesTheCpuWithoutAGpu) {
  if (sees_gpu()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_TRUE(open_device("auto").is_cpu());
}

TEST(DeviceTest, CudaIsOpenedWhereThereIsAGpu) {
  if (!sees_gpu()) GTEST_SKIP() << "no GPU";
  const auto text = device_refusal("cuda");
  EXPECT_TRUE(text.empty() || text.find("can't be used") != std::string::npos) << text;
  EXPECT_EQ(open_device("auto").is_cuda(), text.empty());
}

}  // namespace
}  // namespace kith::host
