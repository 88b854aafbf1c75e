// SPDX-License-Identifier: Apache-2.0
#include "store/hdf5_dataset.h"

#include <algorithm>
#include <kith/error.hpp>

namespace kith::host::h5 {

namespace {

// HDF5 keeps a chunk's size in 32 bits.
constexpr std::int64_t kLargestChunk = std::int64_t{1} << 30;

std::int64_t chunk_rows_that_fit(DType dtype, const std::vector<std::int64_t>& shape,
                                 std::int64_t wanted) {
  const std::vector<std::int64_t> row_shape(shape.begin() + 1, shape.end());
  const ArrayView row{dtype, row_shape, nullptr};
  const auto row_bytes = static_cast<std::int64_t>(row.byte_size());
  const std::int64_t fits = std::max<std::int64_t>(kLargestChunk / row_bytes, 1);
  return std::min({wanted, fits, shape.front()});
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

void write_all(const Handle& file, const std::string& path, const Handle& type, std::int64_t count,
               const void* data) {
  const Handle dataset =
      make_dataset(file, path, type, make_space({count}), make_properties(H5P_DATASET_CREATE),
                   make_properties(H5P_DATASET_ACCESS));
  if (count > 0) write_elements(dataset, type, select_rows(dataset, 0, count), data);
}

void read_all(const Handle& dataset, const Handle& type, void* data) {
  const std::vector<std::int64_t> shape = shape_of(space_of(dataset));
  if (kith::host::element_count(shape) == 0) return;
  const std::int64_t rows = shape.empty() ? 1 : shape.front();
  read_elements(dataset, type, select_rows(dataset, 0, rows), data);
}

}  // namespace

Handle make_properties(hid_t kind) {
  Handle properties(H5Pcreate(kind), H5Pclose);
  check(properties.id(), "make properties");
  return properties;
}

Handle link_properties() {
  Handle properties = make_properties(H5P_LINK_CREATE);
  check(H5Pset_create_intermediate_group(properties.id(), 1), "make groups on the way");
  return properties;
}

Handle make_dataset(const Handle& file, const std::string& path, const Handle& type,
                    const Handle& space, const Handle& creation, const Handle& access) {
  check(H5Pset_obj_track_times(creation.id(), false), "leave times out");
  const Handle links = link_properties();
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

Rows select_rows(const Handle& dataset, std::int64_t first, std::int64_t count) {
  Rows rows{space_of(dataset), {}};
  std::vector<std::int64_t> shape = shape_of(rows.file);
  if (!shape.empty()) {
    shape.front() = count;
    std::vector<hsize_t> start(shape.size(), 0);
    start.front() = static_cast<hsize_t>(first);
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    check(H5Sselect_hyperslab(rows.file.id(), H5S_SELECT_SET, start.data(), nullptr, extents.data(),
                              nullptr),
          "choose rows");
  }
  rows.memory = make_space(shape);
  return rows;
}

void write_elements(const Handle& dataset, const Handle& type, const Rows& rows, const void* data) {
  check(H5Dwrite(dataset.id(), type.id(), rows.memory.id(), rows.file.id(), H5P_DEFAULT, data),
        "write rows");
}

void read_elements(const Handle& dataset, const Handle& type, const Rows& rows, void* data) {
  check(H5Dread(dataset.id(), type.id(), rows.memory.id(), rows.file.id(), H5P_DEFAULT, data),
        "read rows");
}

Reclaim::Reclaim(const Handle& type, const Handle& space, void* data)
    : type_(type), space_(space), data_(data) {}

Reclaim::~Reclaim() { H5Dvlen_reclaim(type_.id(), space_.id(), H5P_DEFAULT, data_); }

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
  if (element_count(dataset) == 0 || count == 0) return;
  write_elements(dataset, make_type(dtype), select_rows(dataset, first, count), data);
}

void write_texts(const Handle& file, const std::string& path,
                 const std::vector<std::string>& texts) {
  const std::vector<const char*> pointers = text_pointers(texts);
  write_all(file, path, make_text_type(), static_cast<std::int64_t>(texts.size()), pointers.data());
}

std::vector<std::string> read_texts(const Handle& file, const std::string& path) {
  const Handle dataset = open_dataset(file, path);
  const Handle type = make_text_type();
  const Handle space = space_of(dataset);
  std::vector<char*> raw(static_cast<std::size_t>(element_count(dataset)));
  const Reclaim reclaim(type, space, raw.data());
  read_all(dataset, type, raw.data());
  return copy_texts(raw);
}

Array read_array(const Handle& file, const std::string& path) {
  const Handle dataset = open_dataset(file, path);
  Array array;
  array.dtype = dtype_of(type_of(dataset));
  array.shape = shape_of(space_of(dataset));
  array.bytes.resize(array.view().byte_size());
  read_all(dataset, make_type(array.dtype), array.bytes.data());
  return array;
}

void write_records(const Handle& file, const std::string& path, const Handle& type,
                   std::int64_t count, const void* records) {
  write_all(file, path, type, count, records);
}

std::int64_t element_count(const Handle& dataset) {
  return kith::host::element_count(shape_of(space_of(dataset)));
}

std::uint64_t storage_size(const Handle& dataset) { return H5Dget_storage_size(dataset.id()); }

void read_records(const Handle& dataset, const Handle& type, void* records) {
  read_all(dataset, type, records);
}

Handle type_of(const Handle& dataset) {
  Handle type(H5Dget_type(dataset.id()), H5Tclose);
  check(type.id(), "read a type");
  return type;
}

}  // namespace kith::host::h5
