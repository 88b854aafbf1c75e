// SPDX-License-Identifier: Apache-2.0
// A JPEG or PNG file: how it is to be turned, its size from the header, then its pixels as grey and
// as RGB, all and a part, turned upright.
#include <cstdlib>
#include <kith/error.hpp>
#include <span>

#include "data/image_codec.h"
#include "data/orientation.h"
#include "fuzz_entry.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace kith::host;  // NOLINT(google-build-using-namespace)
  // Pictures up to kMaxPixels are read; here only small ones, so that an input takes microseconds.
  constexpr std::int64_t kMostPixels = 1 << 16;
  const kith::fuzz::MemoryFile file(bytes, size);
  // A reader of a part of the file asks again with more: what is known does not change.
  const auto orientation = find_orientation({bytes, size});
  const auto early = find_orientation({bytes, size / 2});
  if (early && orientation && early != orientation) std::abort();
  try {
    probe_image(file.path(), true);
    const auto probed = probe_image(file.path());
    if (std::int64_t{probed.height} * probed.width > kMostPixels) return 0;
    Image image;
    const ImagePart middle{probed.height / 3, probed.width / 3, (probed.height + 2) / 3,
                           (probed.width + 2) / 3};
    for (const int channels : {1, 3}) {
      decode_image_part({bytes, size}, "fuzz", channels, middle, image);
      decode_image({bytes, size}, "fuzz", channels, image);
      turn_upright(image, orientation.value_or(1));
    }
  } catch (const kith::DataError&) {  // says what is wrong
  }
  return 0;
}
