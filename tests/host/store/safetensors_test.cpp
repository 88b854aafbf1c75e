// SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <kith/error.hpp>
#include <numeric>

#include "digest/sha256.h"
#include "python.h"
#include "store_files.h"

namespace kith::host {
namespace {

// A safetensors file by hand: 8 bytes of length, header, data.
std::string make_file(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  return bytes + header + data;
}

class SafetensorsTest : public testing::Test {
 protected:
  // Writes bytes and returns the text of the error that reading them gives.
  std::string error_of_reading(const std::string& bytes, Checksum checksum = Checksum::kIfPresent) {
    write_bytes(path_, bytes);
    const std::string text = error_of<DataError>([&] { read_safetensors(path_, checksum); });
    const std::string begin = "store: cannot read '" + path_.string() + "': ";
    EXPECT_EQ(text.substr(0, begin.size()), begin);
    return text.size() > begin.size() ? text.substr(begin.size()) : "";
  }

  // A small file of several dtypes as kith writes it.
  std::string written_bytes() {
    const std::vector<float> weight{1, 2, 3, 4, 5, 6};
    const std::int64_t step = 7;
    const std::uint8_t flag = 1;
    write_safetensors(path_,
                      {{"w", {DType::kFloat32, {2, 3}, weight.data()}},
                       {"step", {DType::kInt64, {}, &step}},
                       {"flag", {DType::kBool, {1}, &flag}},
                       {"none", {DType::kFloat32, {0, 4}, nullptr}}},
                      {{"note", "a \"quoted\" text, \xc3\xa9"}});
    return read_bytes(path_);
  }

  TempFolder folder_;
  std::filesystem::path path_ = folder_ / "a.safetensors";
};

TEST_F(SafetensorsTest, KeepsNamesShapesBytesAndMetadataOfEveryDtype) {
  std::vector<std::byte> bytes(64);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37);
  ArrayViews arrays;
  for (int number = 0; number <= static_cast<int>(DType::kBFloat16); ++number) {
    const auto dtype = static_cast<DType>(number);
    arrays[std::string("layer.") + dtype_name(dtype)] = {dtype, {2, 1, 3}, bytes.data()};
    arrays[std::string("scalar.") + dtype_name(dtype)] = {dtype, {}, bytes.data()};
    arrays[std::string("empty.") + dtype_name(dtype)] = {dtype, {0, 2}, nullptr};
  }
  const Metadata metadata{{"a", "1"}, {"b", "two\nlines"}};
  write_safetensors(path_, arrays, metadata);
  const SafetensorsContent content = read_safetensors(path_);
  EXPECT_EQ(content.metadata, metadata);
  ASSERT_EQ(content.arrays.size(), arrays.size());
  for (const auto& [name, view] : arrays) {
    const Array& array = content.arrays.at(name);
    EXPECT_EQ(array.dtype, view.dtype) << name;
    EXPECT_EQ(array.shape, view.shape) << name;
    ASSERT_EQ(array.bytes.size(), view.byte_size()) << name;
    EXPECT_TRUE(std::equal(array.bytes.begin(), array.bytes.end(), bytes.begin())) << name;
  }
}

TEST_F(SafetensorsTest, AlignsTheDataAndHashesTheWholeFile) {
  std::string bytes = written_bytes();
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
  const std::string key = "\"kith.sha256\":\"";
  const std::size_t at = bytes.find(key) + key.size();
  const std::string digits = bytes.substr(at, 64);
  bytes.replace(at, 64, 64, '0');
  EXPECT_EQ(sha256_hex(bytes), digits);
}

TEST_F(SafetensorsTest, SameContentGivesTheSameBytes) {
  const std::string first = written_bytes();
  EXPECT_EQ(written_bytes(), first);
}

TEST_F(SafetensorsTest, IsReadByPythonWithNumpyAlone) {
  const std::string python = find_python("numpy");
  if (python.empty()) GTEST_SKIP() << "no Python with numpy (KITH_PYTHON)";
  written_bytes();
  const CommandResult result = run_python(python, R"(
import hashlib, json, numpy, sys
raw = open(sys.argv[1], "rb").read()
size = int.from_bytes(raw[:8], "little")
header = json.loads(raw[8:8 + size])
meta = header.pop("__metadata__")
assert meta["note"] == 'a "quoted" text, \xe9', meta
w = header["w"]
assert w["dtype"] == "F32" and w["shape"] == [2, 3], w
begin, end = w["data_offsets"]
assert (8 + size + begin) % 4 == 0
w = numpy.frombuffer(raw[8 + size + begin:8 + size + end], "<f4").reshape(2, 3)
assert (w == [[1, 2, 3], [4, 5, 6]]).all(), w
digits = meta["kith.sha256"].encode()
assert hashlib.sha256(raw.replace(digits, b"0" * 64)).hexdigest() == digits.decode()
try:
    from safetensors.numpy import load_file
except ImportError:
    print("read by hand")
else:
    t = load_file(sys.argv[1])
    assert (t["w"] == w).all() and t["step"] == 7 and t["none"].shape == (0, 4)
    print("read by safetensors")
)",
                                          path_.string());
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST_F(SafetensorsTest, EveryTruncationIsFound) {
  const std::string bytes = written_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(error_of_reading(bytes.substr(0, size), Checksum::kRequired), "") << size;
  }
  EXPECT_NE(error_of_reading(bytes + 'x', Checksum::kRequired), "");
}

TEST_F(SafetensorsTest, AFlippedBitInAnyByteIsFound) {
  const std::string bytes = written_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_NE(error_of_reading(damaged, Checksum::kRequired), "") << i;
  }
}

TEST_F(SafetensorsTest, HugeHeaderLengthIsRefusedBeforeAnythingIsReserved) {
  EXPECT_EQ(error_of_reading(std::string(8, '\xff') + "{}"),
            "its header claims 18446744073709551615 bytes, the file has 10 (at most 33554432 are "
            "read); it is damaged, cut off or no safetensors file");
}

TEST_F(SafetensorsTest, HugeArrayIsRefusedBeforeAnythingIsReserved) {
  const std::string text = error_of_reading(make_file(
      R"({"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}})", "1234"));
  EXPECT_EQ(text,
            "array 'a' ends at byte 4398046511104 of the data, but the file has only 4; it is cut "
            "off");
}

TEST_F(SafetensorsTest, SaysWhatIsWrongWithAHeader) {
  const struct {
    const char* header;
    const char* error;
  } cases[] = {
      {"", "its header is no JSON table"},
      {"[]", "its header is no JSON table"},
      {R"({"a":})", "its header is no JSON: "},
      {R"({"a":1})", "array 'a' wants exactly dtype, shape and two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "array 'a' wants exactly"},
      {R"({"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}})",
       "array 'a' has dtype 'U16', wanted one of U8"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "no whole number >= 0"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "no whole number >= 0"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",
       "array 'a' has shape [1] of float32, so 4 bytes, but offsets 4 to 0"},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]}})",
       "does not fit in 63 bits"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "its header has the key 'a' twice"},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "its header has the key 'dtype' twice"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       "array 'b' begins at byte 2 of the data, but the array before it ends at 3"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       "array 'b' begins at byte 2 of the data, but the array before it ends at 1"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})",
       "its arrays end at byte 3 of the data, but 4 bytes are there"},
      {R"({"a":{"dtype":"U8","shape":[[[4]]],"data_offsets":[0,4]}})", "nests deeper"},
      {R"({"__metadata__":{"a":1},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "its metadata 'a' is no text"},
  };
  for (const auto& one : cases) {
    const std::string text = error_of_reading(make_file(one.header, "1234"));
    EXPECT_NE(text.find(one.error), std::string::npos) << one.header << "\n" << text;
  }
}

TEST_F(SafetensorsTest, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_NE(error_of_reading(make_file("{\"a\":" + std::string(1 << 20, '['), "")), "");
}

TEST_F(SafetensorsTest, ReadsOtherProgramsFilesOnlyWhenToldThatNoChecksumIsFine) {
  const std::string bytes =
      make_file(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}   )", "1234");
  EXPECT_EQ(error_of_reading(bytes, Checksum::kRequired),
            "it has no checksum; it is damaged or not written by kith");
  const SafetensorsContent content = read_safetensors(path_, Checksum::kIfPresent);
  EXPECT_EQ(std::memcmp(content.arrays.at("a").bytes.data(), "1234", 4), 0);
}

TEST_F(SafetensorsTest, RefusesNamesThatTheFormatCannotHold) {
  const std::uint8_t byte = 0;
  const ArrayView view{DType::kUint8, {1}, &byte};
  EXPECT_NE(error_of<DataError>([&] {
              write_safetensors(path_, {{"a\xff", view}}, {});
            }).find("is not UTF-8"),
            std::string::npos);
  EXPECT_NE(error_of<DataError>([&] {
              write_safetensors(path_, {{"__metadata__", view}}, {});
            }).find("no array may be called '__metadata__'"),
            std::string::npos);
  EXPECT_NE(error_of<DataError>([&] {
              write_safetensors(path_, {{"a", view}}, {{"x\"kith.sha256", ""}});
            }).find("is kept for the checksum"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SafetensorsTest, MissingFileIsNamed) {
  EXPECT_EQ(error_of<DataError>([&] { read_safetensors(path_); }),
            "store: cannot read '" + path_.string() + "': No such file or directory");
}

}  // namespace
}  // namespace kith::host
