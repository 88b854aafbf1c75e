// SPDX-License-Identifier: Apache-2.0
#include "train/device.h"

#include <ATen/Context.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <kith/error.hpp>

#include "device.h"

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
  EXPECT_EQ(device_refusal("gpu"),
            "device: wanted auto, cpu or cuda, got 'gpu' (--device, else KITH_DEVICE)");
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

TEST(DeviceTest, Tf32IsAllowedWhileAskedForAndNoLonger) {
  const auto& context = at::globalContext();
  const bool before = context.allowTF32CuDNN();
  {
    const Tf32Convolutions tf32(true);
    EXPECT_TRUE(context.allowTF32CuDNN());
  }
  EXPECT_EQ(context.allowTF32CuDNN(), before);
  {
    const Tf32Convolutions not_asked(false);
    EXPECT_EQ(context.allowTF32CuDNN(), before);
  }
}

TEST(DeviceTest, CudaIsOpenedWhereThereIsAGpu) {
  if (test::device().is_cpu()) GTEST_SKIP() << "KITH_DEVICE names no GPU";
  EXPECT_TRUE(open_device("auto").is_cuda());
  const auto& context = at::globalContext();
  EXPECT_TRUE(context.deterministicAlgorithms() && context.deterministicAlgorithmsWarnOnly());
  EXPECT_TRUE(context.deterministicCuDNN() && !context.benchmarkCuDNN());
  EXPECT_FALSE(context.allowTF32CuDNN() || context.allowTF32CuBLAS());
  EXPECT_NE(std::getenv("CUBLAS_WORKSPACE_CONFIG"), nullptr);
}

}  // namespace
}  // namespace kith::host
