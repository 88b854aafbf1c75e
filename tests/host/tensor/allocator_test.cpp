// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace kith::host {
namespace {

/// Has the program asked for huge pages in the middle of the tensor? From /proc/self/smaps, where a
/// mapping begins with "first-last ..." and ends with "VmFlags: ...", of which "hg" says so.
bool is_advised(const at::Tensor& tensor) {
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data_ptr()) + tensor.nbytes() / 2;
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream text(line);
    std::uintptr_t first = 0, last = 0;
    char dash = 0;
    if (text >> std::hex >> first >> dash >> last && dash == '-')
      here = first <= address && address < last;
    if (here && line.rfind("VmFlags:", 0) == 0) return line.find(" hg") != std::string::npos;
  }
  return false;
}

/// The exit status of a program that sets its memory up: bits of what is wrong.
int status_of_a_program() {
  set_up_memory();
  const at::Tensor on_heap = at::ones({20 << 18}),  // 20 MiB
      by_itself = at::ones({200 << 18});            // 200 MiB, for which the heap never has room
  const auto distance = static_cast<char*>(by_itself.data_ptr()) - static_cast<char*>(sbrk(0));
  return (is_advised(on_heap) ? 0 : 1) | (is_advised(by_itself) ? 0 : 2) | (distance > 0 ? 0 : 4) |
         (on_heap.sum().item<float>() == static_cast<float>(20 << 18) ? 0 : 8) |
         (by_itself.clone().equal(by_itself) ? 0 : 16);
}

TEST(AllocatorDeathTest, TensorsLieInHugePages) {
#ifndef __GLIBC__
  GTEST_SKIP() << "the C library is not glibc";
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory is not the heap's";
#endif
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"))
    GTEST_SKIP() << "the system has no transparent huge pages";
  const auto style = GTEST_FLAG_GET(death_test_style);
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own from its start
  EXPECT_EXIT(std::exit(status_of_a_program()), testing::ExitedWithCode(0), "");
  GTEST_FLAG_SET(death_test_style, style);
}

}  // namespace
}  // namespace kith::host
