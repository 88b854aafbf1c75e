// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "store/hdf5_calls.h"

/// Types, spaces and texts, shared by data sets and attributes.
namespace kith::host::h5 {

/// @throws DataError if the type is none of DType's.
DType dtype_of(const Handle& type);

/// Variable-length UTF-8.
Handle make_text_type();

/// 0-d for an empty shape.
Handle make_space(const std::vector<std::int64_t>& shape);

std::vector<std::int64_t> shape_of(const Handle& space);

/// What HDF5 writes texts from; valid as long as `texts` is.
/// @throws DataError for a text with a NUL in it.
std::vector<const char*> text_pointers(const std::vector<std::string>& texts);

/// Copies texts that HDF5 read; a null pointer is an empty text.
std::vector<std::string> copy_texts(const std::vector<char*>& raw);

/// The type that a data set has in its file.
Handle type_of(const Handle& dataset);

/// Copies one attribute as it is.
void copy_attribute(const Handle& from, const Handle& to, const std::string& name);

}  // namespace kith::host::h5
