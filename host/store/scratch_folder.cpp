// SPDX-License-Identifier: Apache-2.0
#include "store/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <kith/error.hpp>
#include <string>
#include <system_error>

namespace kith::host {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "kith-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw kith::Error("temporary files: cannot make the folder " + name + ": " +
                      std::strerror(errno));
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kith::host
