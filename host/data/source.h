// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/image.h"
#include "data/image_part.h"
#include "data/sample.h"

namespace kith::host {

/// One part of a data set as its files have it. Const functions may be called on any thread.
class SplitSource {
 public:
  virtual ~SplitSource() = default;

  virtual std::int64_t size() const = 0;
  /// Unique within the data set's part; stable, since splits and records depend on it.
  virtual std::string name(std::int64_t index) const = 0;
  /// kNoLabel without labels.
  virtual std::int64_t label(std::int64_t index) const = 0;
  /// Without decoding.
  virtual ImageSize image_size(std::int64_t index) const = 0;
  /// @throws DataError that names the file.
  virtual void decode(std::int64_t index, Image& out) const = 0;
  /// As decode, but only the pixels of `part`, which lies within the image, are sure to be decoded;
  /// the others of `out`, which has the image's size, may be anything.
  virtual void decode_part(std::int64_t index, const ImagePart& part, Image& out) const {
    static_cast<void>(part);
    decode(index, out);
  }
  /// Reads what a lazy source left on disk; called once before label or decode. `num_classes` is
  /// the number that train has.
  virtual void open(std::int64_t num_classes) { static_cast<void>(num_classes); }
  /// True if decode does no more than copy.
  virtual bool in_memory() const = 0;
  /// False: an image can fail to decode although the source was opened.
  virtual bool always_decodes() const { return false; }
  /// Upper bound of the decoded bytes of all images, or SIZE_MAX if they are more than `limit`.
  virtual std::size_t decoded_bytes(std::size_t limit) const = 0;
};

/// What a file reader hands over: the parts that exist, and what they have in common.
struct Source {
  std::string reader;
  std::filesystem::path path;
  FieldSpec image;
  int channels = 0;
  std::vector<std::string> class_names;  ///< Empty: no labels.
  std::unique_ptr<SplitSource> train;
  std::unique_ptr<SplitSource> val;   ///< Null: none.
  std::unique_ptr<SplitSource> test;  ///< Null: none.
  /// What a person should know of the files, though they can be read.
  std::vector<std::string> warnings;
};

}  // namespace kith::host
