// SPDX-License-Identifier: Apache-2.0
// An IDX file, packed with gzip or not.
#include <kith/error.hpp>

#include "data/idx_file.h"
#include "fuzz_entry.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const kith::fuzz::MemoryFile file(bytes, size);
  try {
    kith::host::read_idx_values(file.path());
  } catch (const kith::DataError&) {  // says what is wrong
  }
  return 0;
}
