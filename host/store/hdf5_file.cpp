// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <kith/error.hpp>

#include "store/hdf5_dataset.h"

namespace kith::host::h5 {

namespace {

Handle access_properties() {
  Handle access = make_properties(H5P_FILE_ACCESS);
  // 1.8's format: read by all since 2008, and unlike the earliest it has checksums over its
  // metadata and lets an attribute be longer than 64 KiB (the class names of a data set of 20,000
  // classes).
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_V18), "choose a file format");
  check(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), "choose how to close");
  check(H5Pset_file_locking(access.id(), false, true), "choose file locks");
  return access;
}

}  // namespace

Handle create_file(const std::filesystem::path& path) {
  const Handle access = access_properties();
  Handle creation = make_properties(H5P_FILE_CREATE);
  check(H5Pset_obj_track_times(creation.id(), false), "leave times out");
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.id(), access.id()), H5Fclose);
  check(file.id(), "create it");
  return file;
}

Handle open_file(const std::filesystem::path& path) {
  const Handle access = access_properties();
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose);
  check(file.id(), "open it");
  return file;
}

void flush_file(const Handle& file) { check(H5Fflush(file.id(), H5F_SCOPE_GLOBAL), "write it"); }

Handle make_group(const Handle& file, const std::string& path) {
  Handle group;
  if (exists(file, path)) {
    group = Handle(H5Gopen2(file.id(), path.c_str(), H5P_DEFAULT), H5Gclose);
  } else {
    const Handle links = link_properties();
    group =
        Handle(H5Gcreate2(file.id(), path.c_str(), links.id(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  }
  check(group.id(), "make group '" + path + "'");
  return group;
}

bool exists(const Handle& file, const std::string& path) {
  if (path.empty() || path == "/") return true;
  // HDF5 says "error", not "no", for a path whose parent is absent or is no group.
  std::size_t end = 0;
  do {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    const htri_t there = H5Lexists(file.id(), part.c_str(), H5P_DEFAULT);
    check(there, "look for '" + part + "'");
    if (there == 0) return false;
  } while (end != std::string::npos);
  return true;
}

void remove_link(const Handle& file, const std::string& path) {
  if (!exists(file, path)) return;
  check(H5Ldelete(file.id(), path.c_str(), H5P_DEFAULT), "remove '" + path + "'");
}

std::vector<std::string> list_datasets(const Handle& file, const std::string& group) {
  struct Found {
    const std::string& group;
    std::vector<std::string> paths;
  } found{group, {}};
  if (!exists(file, group)) return found.paths;
  const auto add = [](hid_t, const char* name, const H5O_info_t* facts, void* data) -> herr_t {
    auto& list = *static_cast<Found*>(data);
    if (facts->type == H5O_TYPE_DATASET) list.paths.push_back(list.group + "/" + name);
    return 0;
  };
  const hid_t id = file.id();
  check(
      H5Ovisit_by_name(id, group.c_str(), H5_INDEX_NAME, H5_ITER_NATIVE, add, &found, H5P_DEFAULT),
      "list '" + group + "'");
  std::sort(found.paths.begin(), found.paths.end());
  return found.paths;
}

}  // namespace kith::host::h5
