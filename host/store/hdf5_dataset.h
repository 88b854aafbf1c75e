// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/hdf5_type.h"

/// What writing, reading and copying data sets share.
namespace kith::host::h5 {

/// A property list of a class such as H5P_DATASET_CREATE.
Handle make_properties(hid_t kind);

/// Links made with it get the groups on their way.
Handle link_properties();

Handle make_dataset(const Handle& file, const std::string& path, const Handle& type,
                    const Handle& space, const Handle& creation, const Handle& access);

Handle space_of(const Handle& dataset);

/// A block of whole rows in a data set and in memory.
struct Rows {
  Handle file;
  Handle memory;
};

/// Rows [first, first + count) of the first dimension; a 0-d data set is one row.
Rows select_rows(const Handle& dataset, std::int64_t first, std::int64_t count);

void write_elements(const Handle& dataset, const Handle& type, const Rows& rows, const void* data);
void read_elements(const Handle& dataset, const Handle& type, const Rows& rows, void* data);

/// Frees on its way out what HDF5 allocated for texts and lists that it read into a buffer.
class Reclaim {
 public:
  Reclaim(const Handle& type, const Handle& space, void* data);
  ~Reclaim();
  Reclaim(const Reclaim&) = delete;
  Reclaim& operator=(const Reclaim&) = delete;

 private:
  const Handle& type_;
  const Handle& space_;
  void* data_;
};

}  // namespace kith::host::h5
