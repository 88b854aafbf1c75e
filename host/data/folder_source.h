// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/image_folder.h"
#include "data/source.h"

namespace kith::host {

/// An image file of a split.
struct FolderEntry {
  std::string name;  ///< Path below the split's folder.
  std::int64_t label = kNoLabel;
  ImageSize size{};
  std::string damage{};  ///< Why the header can't be read; empty: it can.
};

/// The image files of one split, sorted by the bytes of their names.
class FolderSource : public SplitSource {
 public:
  /// Reads the header of every file.
  /// @param settings  channels must be 1 or 3 here.
  /// @throws DataError for a file that is no image, unless `keep_damaged`.
  FolderSource(std::filesystem::path root, std::vector<FolderEntry> entries,
               const FolderSettings& settings);

  std::int64_t size() const override { return static_cast<std::int64_t>(entries_.size()); }
  std::string name(std::int64_t index) const override { return entry(index).name; }
  std::int64_t label(std::int64_t index) const override { return entry(index).label; }
  ImageSize image_size(std::int64_t index) const override { return entry(index).size; }
  bool in_memory() const override { return false; }
  void decode(std::int64_t index, Image& out) const override;
  void decode_part(std::int64_t index, const ImagePart& part, Image& out) const override;
  std::size_t decoded_bytes(std::size_t limit) const override;

 private:
  const FolderEntry& entry(std::int64_t index) const {
    return entries_[static_cast<std::size_t>(index)];
  }
  ImageSize probe(const std::filesystem::path& file) const;

  std::filesystem::path root_;
  std::vector<FolderEntry> entries_;
  int channels_;
  bool upright_;
};

}  // namespace kith::host
