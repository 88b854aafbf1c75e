// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>

#include "store/hdf5_type.h"

namespace kith::host::h5 {

namespace {

Handle make_properties(hid_t kind) {
  Handle properties(H5Pcreate(kind), H5Pclose);
  check(properties.id(), "make properties");
  return properties;
}

// HDF5 keeps a chunk's size in 32 bits.
constexpr std::int64_t kLargestChunk = std::int64_t{1} << 30;

std::int64_t chunk_rows_that_fit(DType dtype, const std::vector<std::int64_t>& shape,
                                 std::int64_t wanted) {
  const std::vector<std::int64_t> row_shape(shape.begin() + 1, shape.end());
  const auto row_bytes =
      static_cast<std::int64_t>(ArrayView{dtype, row_shape, nullptr}.byte_size());
  return std::clamp<std::int64_t>(std::min(wanted, kLargestChunk / row_bytes), 1, shape.front());
}

void set_chunks(const Handle& creation, const Handle& access, DType dtype,
                const std::vector<std::int64_t>& shape, std::int64_t chunk_rows) {
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  chunk.front() = static_cast<hsize_t>(chunk_rows_that_fit(dtype, shape, chunk_rows));
  check(H5Pset_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()), "set chunks");
  // Room for two chunks, so that batches that end inside a chunk cost no second reading of it.
  std::size_t bytes = dtype_size(dtype);
  for (const hsize_t extent : chunk) bytes *= extent;
  check(H5Pset_chunk_cache(access.id(), 521, std::max<std::size_t>(2 * bytes, 1 << 20), 1.0),
        "set the chunk cache");
}

Handle make_dataset(const Handle& file, const std::string& path, const Handle& type,
                    const Handle& space, const Handle& creation, const Handle& access) {
  Handle links = make_properties(H5P_LINK_CREATE);
  check(H5Pset_create_intermediate_group(links.id(), 1), "make groups on the way");
  check(H5Pset_obj_track_times(creation.id(), false), "leave times out");
  Handle dataset(H5Dcreate2(file.id(), path.c_str(), type.id(), space.id(), links.id(),
                            creation.id(), access.id()),
                 H5Dclose);
  check(dataset.id(), "make data set '" + path + "'");
  return dataset;
}

Handle space_of(const Handle& dataset) {
  Handle space(H5Dget_space(dataset.id()), H5Sclose);
  check(space.id(), "read a shape");
  return space;
}

void write_all(const Handle& dataset, const Handle& type, const void* data,
               const std::string& path) {
  if (element_count(dataset) == 0) return;
  check(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data),
        "write data set '" + path + "'");
}

void read_all(const Handle& dataset, const Handle& type, void* data) {
  if (element_count(dataset) == 0) return;
  check(H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "read a data set");
}

}  // namespace

Handle create_dataset(const Handle& file, const std::string& path, DType dtype,
                      const std::vector<std::int64_t>& shape, std::int64_t chunk_rows) {
  const Handle creation = make_properties(H5P_DATASET_CREATE);
  const Handle access = make_properties(H5P_DATASET_ACCESS);
  const bool empty = kith::host::element_count(shape) == 0;
  if (chunk_rows > 0 && !shape.empty() && !empty) {
    set_chunks(creation, access, dtype, shape, chunk_rows);
  }
  return make_dataset(file, path, make_type(dtype), make_space(shape), creation, access);
}

Handle open_dataset(const Handle& file, const std::string& path) {
  Handle dataset(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT), H5Dclose);
  check(dataset.id(), "open data set '" + path + "'");
  return dataset;
}

void write_rows(const Handle& dataset, DType dtype, std::int64_t first, std::int64_t count,
                const void* data) {
  const Handle type = make_type(dtype);
  const Handle space = space_of(dataset);
  std::vector<std::int64_t> shape = shape_of(space);
  if (kith::host::element_count(shape) == 0 || count == 0) return;
  if (shape.empty()) {
    check(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write rows");
    return;
  }
  shape.front() = count;
  std::vector<hsize_t> start(shape.size(), 0);
  start.front() = static_cast<hsize_t>(first);
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, extents.data(),
                            nullptr),
        "choose rows");
  const Handle memory = make_space(shape);
  check(H5Dwrite(dataset.id(), type.id(), memory.id(), space.id(), H5P_DEFAULT, data),
        "write rows");
}

void write_texts(const Handle& file, const std::string& path,
                 const std::vector<std::string>& texts) {
  const std::vector<const char*> pointers = text_pointers(texts);
  const Handle type = make_text_type();
  const Handle space = make_space({static_cast<std::int64_t>(texts.size())});
  const Handle dataset = make_dataset(file, path, type, space, make_properties(H5P_DATASET_CREATE),
                                      make_properties(H5P_DATASET_ACCESS));
  write_all(dataset, type, pointers.data(), path);
}

std::vector<std::string> read_texts(const Handle& file, const std::string& path) {
  const Handle dataset = open_dataset(file, path);
  const Handle type = make_text_type();
  std::vector<char*> raw(static_cast<std::size_t>(element_count(dataset)));
  read_all(dataset, type, raw.data());
  return take_texts(type, space_of(dataset), raw);
}

Array read_array(const Handle& file, const std::string& path) {
  const Handle dataset = open_dataset(file, path);
  Handle type(H5Dget_type(dataset.id()), H5Tclose);
  check(type.id(), "read the type of '" + path + "'");
  Array array;
  array.dtype = dtype_of(type);
  array.shape = shape_of(space_of(dataset));
  array.bytes.resize(array.view().byte_size());
  read_all(dataset, type, array.bytes.data());
  return array;
}

void write_records(const Handle& file, const std::string& path, const Handle& type,
                   std::int64_t count, const void* records) {
  const Handle dataset =
      make_dataset(file, path, type, make_space({count}), make_properties(H5P_DATASET_CREATE),
                   make_properties(H5P_DATASET_ACCESS));
  write_all(dataset, type, records, path);
}

std::int64_t element_count(const Handle& dataset) {
  return kith::host::element_count(shape_of(space_of(dataset)));
}

void read_records(const Handle& dataset, const Handle& type, void* records) {
  read_all(dataset, type, records);
}

}  // namespace kith::host::h5
