// SPDX-License-Identifier: Apache-2.0
#include "left_results.h"

#include <gtest/gtest.h>

#include <string>

#include "host/store/python.h"

namespace kith::integration {
namespace {

constexpr const char* kOpenAll = R"(
import glob, sys, h5py
files = glob.glob(sys.argv[1] + "/*.h5")
for file in files:
    with h5py.File(file) as f:
        f.visititems(lambda name, item: item[()] if isinstance(item, h5py.Dataset) else None)
print(len(files), "opened")
)";

}  // namespace

void LeftResults::keep(const std::filesystem::path& run) {
  if (!std::filesystem::exists(run / "run.h5")) return;
  std::filesystem::copy_file(run / "run.h5", folder_.path() / (std::to_string(++count_) + ".h5"));
}

void LeftResults::expect_open() const {
  const auto python = host::find_python("h5py");
  if (python.empty())
    GTEST_SKIP() << "no Python with h5py (KITH_PYTHON names one): the run.h5 of " << count_
                 << " killed runs were not opened with it";
  const auto opened = host::run_python(python, kOpenAll, folder_.path().string());
  EXPECT_EQ(opened.output, std::to_string(count_) + " opened\n");
}

}  // namespace kith::integration
