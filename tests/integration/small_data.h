// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace kith::integration {

/// Sizes of the data set that write_idx_data makes.
inline constexpr int kClasses = 4;
inline constexpr int kTrainImages = 320;
inline constexpr int kTestImages = 80;
inline constexpr int kSide = 12;  ///< px

/// Writes IDX files of grey stripes with noise: direction and frequency are the class, the phase
/// differs by image. Image i has the label i modulo 4.
void write_idx_data(const std::filesystem::path& folder, bool labels = true);

/// Writes PATH/train/CLASS/NUMBER.png (or .jpg), `count` a class, classes "cat" and "dog", of
/// noise.
void write_image_folder(const std::filesystem::path& folder, int count, int side,
                        const std::string& ending = ".png");

/// An experiment on the data in `data/`: 4 epochs of 9 steps of 32 images, an evaluation after 2
/// and at the end. 320 images less a tenth held out by hash make 295 train and 25 val.
extern const char* const kSmallExperiment;

/// Its [method], and another with more to keep: a queue of keys, a copy that is a moving average,
/// norms by groups.
extern const char* const kSmallMethod;
extern const char* const kQueueMethod;

}  // namespace kith::integration
