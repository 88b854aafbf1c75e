// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kith::host {

/// Type of the numbers of a decoded field.
enum class FieldType { kUint8, kInt64, kFloat32 };

/// How a field lies on disk.
enum class Encoding { kRaw, kImageFile };

/// One named field of a sample. An extent of -1 differs from sample to sample.
struct FieldSpec {
  std::string name;
  FieldType type = FieldType::kUint8;
  std::vector<std::int64_t> shape;
  Encoding encoding = Encoding::kRaw;
};

/// The label of a sample that has none.
inline constexpr std::int64_t kNoLabel = -1;

/// What a random draw for one sample may depend on, besides the view and the operation.
struct SampleKey {
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;
  std::int64_t step = 0;      ///< Batch within the epoch.
  std::int64_t position = 0;  ///< Row within the batch.
  std::int64_t index = 0;     ///< Index of the sample in its split.
};

}  // namespace kith::host
