// SPDX-License-Identifier: Apache-2.0
#include "data/folder_source.h"

#include <algorithm>
#include <kith/error.hpp>
#include <system_error>
#include <utility>

#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "data/orientation.h"
#include "data/parallel.h"

namespace kith::host {

namespace fs = std::filesystem;

FolderSource::FolderSource(fs::path root, std::vector<FolderEntry> entries,
                           const FolderSettings& settings)
    : root_(std::move(root)),
      entries_(std::move(entries)),
      channels_(settings.channels),
      upright_(settings.apply_orientation) {
  std::sort(entries_.begin(), entries_.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  parallel_for(size(), settings.threads, [&](std::int64_t i) {
    FolderEntry& entry = entries_[static_cast<std::size_t>(i)];
    try {
      entry.size = probe(root_ / entry.name);
    } catch (const DataError& error) {
      if (!settings.keep_damaged) throw;
      entry.damage = error.what();
    }
  });
}

ImageSize FolderSource::probe(const fs::path& file) const {
  std::error_code error;
  if (!fs::exists(file, error)) {
    throw DataError("image_folder: '" + file.string() +
                    "': " + (error ? error.message() : "is a link to nothing"));
  }
  ImageSize size = probe_image(file, upright_);
  size.channels = channels_;
  return size;
}

void FolderSource::decode(std::int64_t index, Image& out) const {
  decode_part(index, whole_of(image_size(index)), out);
}

void FolderSource::decode_part(std::int64_t index, const ImagePart& part, Image& out) const {
  if (!entry(index).damage.empty()) throw DataError(entry(index).damage);
  const fs::path file = root_ / entry(index).name;
  const std::vector<std::uint8_t> bytes = read_file(file);
  const int orientation = upright_ ? find_orientation(bytes).value_or(1) : 1;
  if (orientation == 1 && part != whole_of(entry(index).size)) {
    decode_image_part(bytes, file.string(), channels_, part, out);
  } else {
    decode_image(bytes, file.string(), channels_, out);
    turn_upright(out, orientation);
  }
  if (out.size == entry(index).size) return;
  throw DataError("image_folder: '" + file.string() +
                  "': its size is not the one it had when the data set was opened");
}

std::size_t FolderSource::decoded_bytes(std::size_t limit) const {
  std::size_t sum = 0;
  for (const FolderEntry& entry : entries_) {
    sum += entry.size.bytes();
    if (sum > limit) return SIZE_MAX;
  }
  return sum;
}

}  // namespace kith::host
