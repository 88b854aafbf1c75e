// SPDX-License-Identifier: Apache-2.0
// What other programs see of a run.h5: h5py, and HDF5's own h5dump.
#include <gtest/gtest.h>

#include "python.h"
#include "store/run_file.h"
#include "store_files.h"

namespace kith::host {
namespace {

void write_demo(const std::filesystem::path& path) {
  RunFile file(path);
  file.set_attribute("experiment", "name = \"demo\"\n");
  file.set_attribute("seed", std::int64_t{3});
  file.set_attribute("clean", true);
  file.set_attribute("plugins", std::vector<std::string>{"org.kith.simclr 0.1.0"});
  file.write_samples("val", {"b/\xc3\xa9.png", "a/1.png", "a/2.png"},
                     std::vector<std::int64_t>{1, 0, 0}, {"a", "b"});
  const std::vector<float> rows{0, 1, 2, 3, 4, 5};
  FeatureWriter writer = file.features({"encoder", "teacher", "features", "val"}, DType::kFloat32,
                                       3, {2}, 2, {{"step", std::int64_t{10}}});
  writer.append({DType::kFloat32, {2, 2}, rows.data()});
  writer.append({DType::kFloat32, {1, 2}, rows.data() + 4});
  writer.finish();
  const std::uint16_t halves[] = {0x3e00, 0x3fc0};  // 1.5 in float16, 1.5 in bfloat16
  const std::uint8_t truth[] = {1, 0};
  file.write_state("queue", "method.half", {DType::kFloat16, {1}, &halves[0]});
  file.write_state("queue", "method.brain", {DType::kBFloat16, {1}, &halves[1]});
  file.write_state("mask", "method.mask", {DType::kBool, {2}, truth},
                   {{"dimensions", std::vector<std::string>{"slot"}}});
  file.add_metric("knn/val/top1", "1", {10, 1, 0.5});
  file.add_metric("knn/val/top1", "1", {20, 2, 0.75});
  file.commit();
}

TEST(RunFileReaderTest, H5pyReadsEverythingWithoutHelp) {
  const std::string python = find_python("h5py, numpy");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py (KITH_PYTHON)";
  const TempFolder folder;
  write_demo(folder / "run.h5");
  const CommandResult result = run_python(python, R"(
import h5py, numpy, sys
with h5py.File(sys.argv[1]) as f:
    assert f.attrs["experiment"] == 'name = "demo"\n' and f.attrs["seed"] == 3 and f.attrs["clean"]
    assert list(f.attrs["plugins"]) == ["org.kith.simclr 0.1.0"]
    x = f["features/encoder.teacher/features/val"]
    assert x.dtype == numpy.float32 and x.chunks == (2, 2) and x.attrs["step"] == 10
    assert (x[:] == [[0, 1], [2, 3], [4, 5]]).all()
    assert list(f["samples/val/path"].asstr()) == ["b/\xe9.png", "a/1.png", "a/2.png"]
    y = f["samples/val/label"]
    assert y.dtype == numpy.int64 and y[:].tolist() == [1, 0, 0]
    assert list(y.attrs["class_names"]) == ["a", "b"]
    m = f["metrics/knn/val/top1"]
    assert m.attrs["unit"] == "1" and m.dtype.names == ("step", "epoch", "value")
    assert m["value"].tolist() == [0.5, 0.75] and m["step"].tolist() == [10, 20]
    q = f["state/queue"]
    assert q["method.half"].dtype == numpy.float16 and q["method.half"][0] == 1.5
    assert float(q["method.brain"][0]) == 1.5, q["method.brain"].dtype
    assert f["state/mask/method.mask"].dtype == bool
    assert f["state/mask/method.mask"][:].tolist() == [True, False]
)",
                                          (folder / "run.h5").string());
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST(RunFileReaderTest, H5dumpShowsTheLayout) {
  if (run_command("h5dump --version").status != 0) GTEST_SKIP() << "no program h5dump";
  const TempFolder folder;
  write_demo(folder / "run.h5");
  const CommandResult result = run_command("h5dump -H '" + (folder / "run.h5").string() + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  for (const char* word : {"GROUP \"features\"", "GROUP \"encoder.teacher\"", "DATASET \"val\"",
                           "H5T_IEEE_F32LE", "DATASET \"path\"", "CSET H5T_CSET_UTF8",
                           "ATTRIBUTE \"class_names\"", "ATTRIBUTE \"unit\"", "\"epoch\""}) {
    EXPECT_NE(result.output.find(word), std::string::npos) << word << "\n" << result.output;
  }
}

TEST(RunFileReaderTest, ReaderThatHasTheFileOpenDoesNotStopACommit) {
  const std::string python = find_python("h5py");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py (KITH_PYTHON)";
  const TempFolder folder;
  const auto path = folder / "run.h5";
  write_demo(path);
  // The reader holds the file, says so, and later still reads what it opened.
  const std::string script = (folder / "reader.py").string();
  write_bytes(script, R"(
import h5py, os, sys, time
f = h5py.File(sys.argv[1])
open(sys.argv[1] + ".open", "w").close()
while not os.path.exists(sys.argv[1] + ".done"): time.sleep(0.01)
assert len(f["metrics/knn/val/top1"]) == 2
assert len(h5py.File(sys.argv[1])["metrics/knn/val/top1"]) == 3
)");
  FILE* reader = ::popen(
      ("timeout 60 '" + python + "' '" + script + "' '" + path.string() + "'").c_str(), "r");
  ASSERT_NE(reader, nullptr);
  for (int i = 0; i < 3000 && !std::filesystem::exists(path.string() + ".open"); ++i) {
    ::usleep(10000);
  }
  RunFile file(path);
  file.add_metric("knn/val/top1", "1", {30, 3, 0.8});
  EXPECT_NO_THROW(file.commit());
  write_bytes(path.string() + ".done", "");
  EXPECT_EQ(::pclose(reader), 0);
}

}  // namespace
}  // namespace kith::host
