// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace kith::host {
namespace {

std::string output_of(const std::string& program) {
  std::string text;
  FILE* pipe =
      ::popen((std::string(KITH_BUILD_DIR) + "/tests/host/augment/" + program).c_str(), "r");
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe))
    text.append(part.data(), n);
  EXPECT_EQ(::pclose(pipe), 0) << program;
  return text;
}

// The plugins' own loops: plugins/augmentations/cpu_variants_test.cpp.
TEST(CpuLoopsTest, HostsLoopsGiveTheSameBytesWithAvx2AndWithout) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "this processor has no AVX2";
#else
  GTEST_SKIP() << "no variants for this kind of processor";
#endif
  const std::string fast = output_of("view_loops"), plain = output_of("plain_view_loops");
  EXPECT_EQ(std::count(fast.begin(), fast.end(), '\n'), 60);
  EXPECT_EQ(fast, plain);
}

}  // namespace
}  // namespace kith::host
