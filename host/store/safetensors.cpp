// SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <bit>
#include <kith/error.hpp>
#include <utility>
#include <vector>

#include "digest/sha256.h"
#include "store/atomic_file.h"
#include "store/file_descriptor.h"
#include "store/safetensors_header.h"

namespace kith::host {

// The format is little endian, and arrays are written as they lie in memory.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::size_t kDigits = 64;

std::array<unsigned char, 8> length_bytes(std::uint64_t length) {
  std::array<unsigned char, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(length >> (8 * i));
  }
  return bytes;
}

std::uint64_t length_number(const std::array<unsigned char, 8>& bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) length |= std::uint64_t{bytes[i]} << (8 * i);
  return length;
}

// Where the digits of the checksum stand in the header. The key in quotes that are not escaped
// occurs only as that key itself: the writer refuses metadata keys that contain it.
std::size_t find_digits(const std::string& header, const std::string& digits) {
  const std::string key = '"' + std::string(kChecksumKey) + "\":\"";
  const std::size_t at = header.find(key + digits + '"');
  if (at == std::string::npos) throw DataError("its checksum is written in an unknown way");
  return at + key.size();
}

// Big elements first, so that each array is aligned to its element size without holes.
std::vector<std::pair<std::string, const ArrayView*>> file_order(const ArrayViews& arrays) {
  std::vector<std::pair<std::string, const ArrayView*>> order;
  for (const auto& [name, array] : arrays) order.emplace_back(name, &array);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return dtype_size(a.second->dtype) > dtype_size(b.second->dtype);
  });
  return order;
}

void write_content(AtomicFile& file, const ArrayViews& arrays, const Metadata& metadata) {
  const auto order = file_order(arrays);
  SafetensorsHeader header;
  header.metadata = metadata;
  for (const auto& [key, value] : metadata) {
    if (key.find(kChecksumKey) != std::string::npos) {
      throw DataError("the metadata key '" + key + "' is kept for the checksum");
    }
  }
  header.metadata[kChecksumKey] = std::string(kDigits, '0');
  std::uint64_t offset = 0;
  for (const auto& [name, array] : order) {
    const std::uint64_t size = array->byte_size();
    if (size > 0 && array->data == nullptr) throw DataError("array '" + name + "' has no data");
    header.entries.push_back({name, array->dtype, array->shape, offset, offset + size});
    offset += size;
  }
  const std::string text = format_safetensors_header(header);
  const auto length = length_bytes(text.size());
  Sha256 hash;
  const auto put = [&](const void* data, std::size_t size) {
    hash.update(data, size);
    file.write(data, size);
  };
  put(length.data(), length.size());
  put(text.data(), text.size());
  for (const auto& [name, array] : order) put(array->data, array->byte_size());
  const std::string digits = hash.finish();
  file.write_at(digits.data(), kDigits,
                length.size() + find_digits(text, std::string(kDigits, '0')));
}

SafetensorsContent read_content(FileDescriptor& file, Checksum checksum) {
  const std::uint64_t file_size = file.size();
  std::array<unsigned char, 8> length{};
  if (file_size < length.size()) {
    throw DataError("it has " + std::to_string(file_size) + " bytes, fewer than a header's length");
  }
  file.read(length.data(), length.size());
  const std::uint64_t header_size = length_number(length);
  if (header_size > kLongestHeader || header_size > file_size - length.size()) {
    throw DataError("its header claims " + std::to_string(header_size) + " bytes, the file has " +
                    std::to_string(file_size) + " (at most " + std::to_string(kLongestHeader) +
                    " are read); it is damaged, cut off or no safetensors file");
  }
  std::string text(header_size, '\0');
  file.read(text.data(), text.size());
  SafetensorsHeader header =
      parse_safetensors_header(text, file_size - length.size() - header_size);

  const auto found = header.metadata.find(kChecksumKey);
  if (found == header.metadata.end() && checksum == Checksum::kRequired) {
    throw DataError("it has no checksum; it is damaged or not written by kith");
  }
  const bool checked = found != header.metadata.end();
  const std::string wanted = checked ? found->second : "";
  if (checked) {
    const std::size_t at = find_digits(text, wanted);
    text.replace(at, wanted.size(), wanted.size(), '0');
    header.metadata.erase(found);
  }
  Sha256 hash;
  hash.update(length.data(), length.size());
  hash.update(text.data(), text.size());
  SafetensorsContent content;
  content.metadata = std::move(header.metadata);
  for (SafetensorsEntry& entry : header.entries) {
    Array array{entry.dtype, std::move(entry.shape),
                std::vector<std::byte>(entry.end - entry.begin)};
    file.read(array.bytes.data(), array.bytes.size());
    if (checked) hash.update(array.bytes.data(), array.bytes.size());
    content.arrays.emplace(std::move(entry.name), std::move(array));
  }
  if (checked) {
    const std::string got = hash.finish();
    if (got != wanted) {
      throw DataError("its content does not fit its checksum (SHA-256 wanted " + wanted + ", got " +
                      got + "); it is damaged");
    }
  }
  return content;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const ArrayViews& arrays,
                       const Metadata& metadata) {
  AtomicFile file(path);
  try {
    write_content(file, arrays, metadata);
  } catch (const Error& error) {
    throw DataError("store: cannot save '" + path.string() + "': " + error.what() +
                    "; what was there before stays");
  }
  file.commit();
}

SafetensorsContent read_safetensors(const std::filesystem::path& path, Checksum checksum) {
  FileDescriptor file(path, O_RDONLY, "read");
  try {
    return read_content(file, checksum);
  } catch (const Error& error) {
    throw DataError("store: cannot read '" + path.string() + "': " + error.what());
  }
}

}  // namespace kith::host
