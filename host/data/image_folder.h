// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/source.h"

namespace kith::host {

/// Opens a folder of JPEG and PNG files in one of these layouts:
///
///     PATH/{train,val,test}/CLASS/FILE    labelled; val and test may be absent; FILE may lie
///     deeper PATH/{train,val,test}/FILE          without labels PATH/FILE without labels, all of
///     it train
///
/// Classes are the folder names of train, sorted by bytes; samples are sorted by the bytes of
/// their path below the split's folder, which is their name. Files and folders that begin with a
/// dot are ignored, and so is what lies beside the split folders. The header of every file is read
/// here, so that a file that is no image is found before the first step.
/// @param channels  0 means 3; else 1 or 3.
/// @throws DataError if the layout is another, a split has no images, a class of val or test is
///                   not in train, a class of train has no images, or a file is no image.
Source open_image_folder(const std::filesystem::path& folder, int channels);

}  // namespace kith::host
