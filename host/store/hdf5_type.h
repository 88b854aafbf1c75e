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

/// Copies texts that HDF5 read, and frees HDF5's.
std::vector<std::string> take_texts(const Handle& type, const Handle& space,
                                    std::vector<char*>& raw);

}  // namespace kith::host::h5
