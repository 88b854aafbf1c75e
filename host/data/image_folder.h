// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "data/on_problem.h"
#include "data/source.h"

namespace kith::host {

struct FolderSettings {
  std::filesystem::path path{};  ///< May be empty if train_path is not.
  std::filesystem::path train_path{}, val_path{}, test_path{};  ///< Empty: below `path`, if there.
  int channels = 0;                                             ///< 0 means 3; else 1 or 3.
  bool apply_orientation = false;  ///< Turn images as their EXIF tag says.
  bool keep_damaged = false;       ///< A file that is no image fails when it is decoded.
  int threads = 1;                 ///< That read the headers, >= 1.
};

/// Opens a folder of JPEG and PNG files in one of these layouts:
///
///     SPLIT/CLASS/FILE    labelled; FILE may lie deeper
///     SPLIT/FILE          without labels
///     PATH/FILE           without labels, all of it train
///
/// SPLIT is PATH/{train,val,test}, of which val and test may be absent, or a folder of its own.
/// Classes are the folder names of train, sorted by bytes; samples are sorted by the bytes of
/// their path below the split's folder, which is their name. Files and folders that begin with a
/// dot are ignored, and so is what lies beside the split folders. The header of every file is read
/// here, so that a file that is no image is found before the first step.
/// @param on_problem  unless empty: told of all that is wrong, which is passed over then: what is
///                    no class folder or can't be listed is left out, and images of a class that
///                    train has not have no label.
/// @throws DataError if the layout is another, a split has no images, a class of val or test is
///                   not in train, a class of train has no images, the folder of a split is
///                   or lies in that of another, or a file is no image; with `on_problem`, if
///                   there is no folder for train.
Source open_image_folder(const FolderSettings& settings, const OnProblem& on_problem = {});

}  // namespace kith::host
