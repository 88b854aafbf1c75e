// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls that HDF5 1.12 gave other parameters keep those of 1.10, so that one text fits 1.10
// to 1.14.
#define H5_USE_110_API
#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "store/array.h"
#include "store/attribute.h"

/// HDF5's C functions, each wrapped once: status checked, handle owned, the library's own error
/// stack in the text. Nothing here prints. Every exception is a DataError without the file's name,
/// which the caller adds.
///
/// HDF5's library is not reentrant: whoever calls anything here holds a Lock.
namespace kith::host::h5 {

/// Held around all use of HDF5 in the process; the same thread may take it again.
class Lock {
 public:
  Lock();

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};

/// An HDF5 identifier that is closed with its object.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept;

  hid_t id() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

  /// Closes; a failure is kept for check_closes. A data set's last bytes may be written here.
  void reset() noexcept;

  /// Closes and checks the status: for a file this is where its last bytes are written.
  /// @throws DataError "cannot <action>: <HDF5's error stack>".
  void close(const std::string& action);

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// The failures of Handle::reset since forget_failed_closes: a file may lack what they should have
/// written. @throws DataError "cannot <action>: <HDF5's error stack>" of the first of them.
void check_closes(const std::string& action);
void forget_failed_closes();

/// A new file in the format that every HDF5 from 1.8 on reads, without times in it, so that equal
/// content gives equal bytes. No lock is taken on the file.
Handle create_file(const std::filesystem::path& path);

/// Opens a file for reading. No lock is taken on it, since files are replaced and never changed.
Handle open_file(const std::filesystem::path& path);

/// Writes what HDF5 still holds of the file.
void flush_file(const Handle& file);

/// The group at an absolute path; groups on the way are made.
Handle make_group(const Handle& file, const std::string& path);

/// True if every part of the path is there.
bool exists(const Handle& file, const std::string& path);

/// Takes a link away; no error if it is absent.
void remove_link(const Handle& file, const std::string& path);

/// Absolute paths of all data sets below a group, sorted; none if the group is absent.
std::vector<std::string> list_datasets(const Handle& file, const std::string& group);

/// Copies one data set of any type, attributes included, to the same path of another file.
void copy_dataset(const Handle& from, const Handle& to, const std::string& path);

/// A data set of the given shape, groups on the way made. With chunk_rows > 0 it is stored in
/// chunks of that many rows of the first dimension, else in one piece.
Handle create_dataset(const Handle& file, const std::string& path, DType dtype,
                      const std::vector<std::int64_t>& shape, std::int64_t chunk_rows);

Handle open_dataset(const Handle& file, const std::string& path);

/// Writes rows [first, first + count) of the first dimension; 0-d data sets have one row.
void write_rows(const Handle& dataset, DType dtype, std::int64_t first, std::int64_t count,
                const void* data);

/// Writes variable-length UTF-8 texts as a data set of one dimension.
/// @throws DataError for a text with a NUL in it.
void write_texts(const Handle& file, const std::string& path,
                 const std::vector<std::string>& texts);

std::vector<std::string> read_texts(const Handle& file, const std::string& path);

/// The whole data set, if its type is one of DType's.
Array read_array(const Handle& file, const std::string& path);

/// Writes records of a compound type that the caller made.
void write_records(const Handle& file, const std::string& path, const Handle& type,
                   std::int64_t count, const void* records);

/// Number of elements of a data set.
std::int64_t element_count(const Handle& dataset);

/// Bytes that a data set takes in its file, texts in its heap not counted.
std::uint64_t storage_size(const Handle& dataset);

/// Reads all records into memory of element_count(dataset) records.
void read_records(const Handle& dataset, const Handle& type, void* records);

/// A compound type of the given size; members are added with insert_member.
Handle make_record_type(std::size_t size);
void insert_member(const Handle& type, const char* name, std::size_t offset, DType dtype);

/// Sets an attribute of an object (file: root group); replaces one of that name.
void write_attribute(const Handle& object, const std::string& name, const AttributeValue& value);

/// @throws DataError if it is absent or of a type that AttributeValue lacks.
AttributeValue read_attribute(const Handle& object, const std::string& name);

/// Names of an object's attributes, sorted.
std::vector<std::string> list_attributes(const Handle& object);

/// The type that stands in files for a DType. bool is an enumeration FALSE, TRUE over int8, float16
/// and bfloat16 are two-byte floating-point types: as h5py has them.
Handle make_type(DType dtype);

/// Throws a DataError "cannot <action>: <HDF5's error stack>" if a status or identifier is
/// negative.
void check(std::int64_t status, const std::string& action);

}  // namespace kith::host::h5
