// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace kith::host {

/// A fresh folder among the temporary files, removed with the object.
class ScratchFolder {
 public:
  /// @throws kith::Error  if none can be made.
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace kith::host
