// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/image.h"
#include "data/image_part.h"
#include "data/on_problem.h"
#include "data/sample.h"
#include "data/source.h"

namespace kith::host {

enum class Split { kTrain, kVal, kTest };

/// "train", "val" or "test".
std::string_view split_name(Split split);

/// What the experiment's [data] table says, and what the host adds.
struct DatasetSettings {
  std::string reader;          ///< "idx", "image_folder", "cifar10" or "cifar100".
  std::filesystem::path path;  ///< Folder of the data set.
  /// image_folder: folders of single splits that do not lie in `path`; else empty.
  std::filesystem::path train_path{}, val_path{}, test_path{};
  bool coarse_labels = false;      ///< cifar100: the 20 classes instead of the 100.
  bool apply_orientation = false;  ///< image_folder: images are turned as their EXIF tag says.
  bool skip_damaged = false;       ///< image_folder: leave out what does not decode.
  double val_fraction = 0.1;       ///< In [0, 1); used where the data set has no val of its own.
  std::map<std::string, std::string> sha256;  ///< File below `path` -> expected hex digest.
  int channels = 0;  ///< 0: 1 for grey IDX, 3 for image folders; else 1 or 3.
  int threads = 1;   ///< That read files when the data set is opened, >= 1.
  std::size_t cache_bytes = std::size_t{1}
                            << 30;  ///< Decoded images are kept if all fit; 0: never.
};

/// An image that is no part of its split, since it does not decode.
struct LeftOut {
  Split split;
  std::string name;
  std::string reason;  ///< What Dataset::decode would have thrown.
};

/// A data set with the splits train, val and test.
///
/// Where a data set has no val of its own, a part of train is held out: a sample belongs to val if
/// the first 8 bytes of the SHA-256 of its name, read as a big-endian number, are below
/// `val_fraction` times 2^64. So the parts depend on the names alone. Train and val keep the order
/// of the source.
///
/// With `skip_damaged` every image of train and val is decoded when the data set is opened, and
/// those of test when test is; what does not decode is left out, and `left_out` lists it.
///
/// The test split has to be opened by name (`open_test`), and the openings are counted; everything
/// but its size throws before that. All const functions may be called on any thread.
class Dataset {
 public:
  /// @throws DataError if train is empty, or the hold-out leaves nothing of it.
  /// @throws ConfigError if `val_fraction` is not in [0, 1).
  /// @param threads  that decode where `skip_damaged` wants all decoded, >= 1.
  Dataset(Source source, double val_fraction, std::size_t cache_bytes = 0,
          bool skip_damaged = false, int threads = 1);
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const std::string& reader() const;
  const std::filesystem::path& path() const;
  const std::vector<FieldSpec>& fields() const;
  /// 1 or 3; the same for every image.
  int channels() const;
  bool has_labels() const;
  /// Names of the classes, by label. Empty without labels.
  const std::vector<std::string>& class_names() const;
  /// SHA-256 over the names and labels of train and val, in hex: the same for a data set that was
  /// moved.
  std::string identity() const;
  /// What was left out since it does not decode, in the order of splits and samples.
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  /// What a person should know of the files, though they can be read.
  const std::vector<std::string>& warnings() const { return source_.warnings; }
  /// Whether images that do not decode are left out rather than an error.
  bool skips_damaged() const { return skip_damaged_; }
  /// One line that says where val comes from, for the run's record.
  std::string val_rule() const;

  /// Number of samples; 0 where the data set has no such split. For the test split too, unopened.
  std::int64_t size(Split split) const;
  /// In [0, number of classes), or kNoLabel.
  std::int64_t label(Split split, std::int64_t index) const;
  /// Labels of all samples of a split; kNoLabel each without labels.
  std::vector<std::int64_t> labels(Split split) const;
  /// Path below the split's folder, or "train/123" (the file and the index within it). Samples of
  /// a held-out val keep the name they have in train.
  std::string name(Split split, std::int64_t index) const;
  ImageSize image_size(Split split, std::int64_t index) const;
  /// Decodes into `out`, reusing its memory.
  /// @throws DataError that names the file and says what is wrong with it.
  void decode(Split split, std::int64_t index, Image& out) const;
  /// As decode, but only the pixels of `part`, which lies within the image, are sure to be decoded;
  /// the others of `out`, which has the image's size, may be anything. Damage behind the part may
  /// go unnoticed.
  void decode_part(Split split, std::int64_t index, const ImagePart& part, Image& out) const;

  /// Opens the test split for this evaluation. [not while another thread uses the test split]
  /// @throws DataError if the data set has none, or it does not fit train.
  void open_test();
  /// How often the test split was opened.
  std::int64_t test_reads() const;
  /// True if decoded images stay in memory (they are there from the start, or fit `cache_bytes`).
  bool in_memory() const;

 private:
  struct Part;
  void hold_out(Part& train, Part& val);
  /// Takes the images that do not decode out of a split.
  void leave_damaged_out(Split split);
  /// Index in the split's source; checks that the sample may be read.
  std::int64_t source_index(Split split, std::int64_t index) const;

  Source source_;
  double val_fraction_;
  bool held_out_ = false;
  bool skip_damaged_;
  int threads_;
  std::vector<LeftOut> left_out_;
  std::vector<FieldSpec> fields_;
  std::vector<std::unique_ptr<Part>> parts_;  ///< By Split.
  std::int64_t test_reads_ = 0;
};

/// Opens the data set that the settings describe: checks digests, finds the files, reads what has
/// to be read up front.
/// @throws DataError   if a file is absent, corrupt or not the expected one.
/// @throws ConfigError if the settings are wrong.
std::unique_ptr<Dataset> open_dataset(const DatasetSettings& settings);
/// Its files alone, as they are: nothing is held out or left out, test has yet to be opened. Files
/// that are no images are there too, and fail when they are decoded, if `skip_damaged` is set.
/// @param on_problem  unless empty: told of all that is wrong with the files, which are passed over
///                    then; there may be no train left. Opening a part tells of more.
/// @throws as open_dataset; with `on_problem` only where there is nothing to go on with.
Source open_source(const DatasetSettings& settings, const OnProblem& on_problem = {});

}  // namespace kith::host
