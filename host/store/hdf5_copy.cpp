// SPDX-License-Identifier: Apache-2.0
// Rationale: H5Ocopy does the same in one call, but crashes in HDF5 1.10.8 when the disk is full or
// the file that it reads is damaged (it frees a type and a buffer twice on its way out).
#include <algorithm>
#include <kith/error.hpp>

#include "store/hdf5_dataset.h"

namespace kith::host::h5 {

namespace {

// As much as one transfer holds in memory, if the data set is not in chunks.
constexpr std::int64_t kBlockBytes = std::int64_t{16} << 20;

std::int64_t block_rows(const Handle& creation, const Handle& type,
                        const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return 1;
  if (H5Pget_layout(creation.id()) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(shape.size());
    check(H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()),
          "read the chunk size");
    return static_cast<std::int64_t>(chunk.front());
  }
  const std::vector<std::int64_t> row_shape(shape.begin() + 1, shape.end());
  const std::int64_t row_bytes =
      kith::host::element_count(row_shape) * static_cast<std::int64_t>(H5Tget_size(type.id()));
  return std::max<std::int64_t>(kBlockBytes / row_bytes, 1);
}

void copy_attributes(const Handle& from, const Handle& to) {
  for (const std::string& name : list_attributes(from)) copy_attribute(from, to, name);
}

}  // namespace

void copy_dataset(const Handle& from, const Handle& to, const std::string& path) {
  const std::string action = "copy data set '" + path + "'";
  const Handle source = open_dataset(from, path);
  const Handle type = type_of(source);
  const Handle space = space_of(source);
  const Handle creation(H5Dget_create_plist(source.id()), H5Pclose);
  check(creation.id(), action);
  const Handle target =
      make_dataset(to, path, type, space, creation, make_properties(H5P_DATASET_ACCESS));
  const std::vector<std::int64_t> shape = shape_of(space);
  const std::int64_t elements = kith::host::element_count(shape);
  if (elements > 0) {
    const std::int64_t rows = shape.empty() ? 1 : shape.front();
    const std::int64_t block = std::min(block_rows(creation, type, shape), rows);
    std::vector<std::byte> buffer(static_cast<std::size_t>(elements / rows * block) *
                                  H5Tget_size(type.id()));
    for (std::int64_t first = 0; first < rows; first += block) {
      const Rows part = select_rows(source, first, std::min(block, rows - first));
      std::fill(buffer.begin(), buffer.end(), std::byte{0});  // no old pointer for Reclaim
      const Reclaim reclaim(type, part.memory, buffer.data());
      read_elements(source, type, part, buffer.data());
      write_elements(target, type, part, buffer.data());
    }
  }
  copy_attributes(source, target);
}

}  // namespace kith::host::h5
