// SPDX-License-Identifier: Apache-2.0
#include "data/idx_reader.h"

#include <algorithm>
#include <initializer_list>
#include <kith/error.hpp>
#include <optional>
#include <string>
#include <utility>

#include "data/file_bytes.h"
#include "data/idx_file.h"
#include "data/image_codec.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

struct PartFiles {
  std::string prefix;  ///< Of the files: "train", "t10k".
  fs::path images;
  std::optional<fs::path> labels;
  IdxHeader header;
};

std::optional<fs::path> find_file(const fs::path& folder, const std::string& prefix,
                                  const std::string& what,
                                  std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) {
    for (const char* dash : {"-", "."}) {
      for (const char* packed : {"", ".gz"}) {
        fs::path file = folder / (prefix + "-" + what + dash + kind + "-ubyte" + packed);
        if (fs::is_regular_file(file)) return file;
      }
    }
  }
  return std::nullopt;
}

std::string shape_text(const std::vector<std::int64_t>& extents) {
  std::string text = "[";
  for (const std::int64_t extent : extents) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  }
  return text + "]";
}

ImageSize size_in_file(const IdxHeader& header, const fs::path& file) {
  const auto& e = header.extents;
  const bool images = e.size() == 3 || (e.size() == 4 && (e[3] == 1 || e[3] == 3));
  if (!images) {
    throw DataError("idx: '" + file.string() +
                    "': must hold images [N, H, W] or [N, H, W, 1 or 3], got " + shape_text(e));
  }
  detail::check_image_size(static_cast<std::uint64_t>(e[1]), static_cast<std::uint64_t>(e[2]),
                           file.string());
  return {static_cast<int>(e[1]), static_cast<int>(e[2]),
          e.size() == 3 ? 1 : static_cast<int>(e[3])};
}

void check_labels(const PartFiles& files) {
  const IdxHeader labels = read_idx_header(*files.labels);
  if (labels.extents.size() == 1 && labels.extents[0] == files.header.extents[0]) return;
  throw DataError("idx: '" + files.labels->string() + "': must hold one label for each of the " +
                  std::to_string(files.header.extents[0]) + " images of '" +
                  files.images.filename().string() + "', got " + shape_text(labels.extents));
}

/// Nothing if there are no images, or they can't be read.
std::optional<PartFiles> find_part(const fs::path& folder, const std::string& prefix,
                                   const OnProblem& on_problem) {
  const auto images = find_file(folder, prefix, "images", {"idx3", "idx4"});
  if (!images) return std::nullopt;
  PartFiles files{prefix, *images, find_file(folder, prefix, "labels", {"idx1"}), {}};
  const bool good = passes(on_problem, [&] {
    files.header = read_idx_header(*images);
    size_in_file(files.header, *images);
  });
  if (!good) return std::nullopt;
  if (files.labels) passes(on_problem, [&] { check_labels(files); });
  return files;
}

class IdxSource : public SplitSource {
 public:
  IdxSource(PartFiles files, std::string split, ImageSize stored, int channels,
            OnProblem on_problem)
      : files_(std::move(files)),
        split_(std::move(split)),
        stored_(stored),
        channels_(channels),
        on_problem_(std::move(on_problem)) {}

  std::int64_t size() const override { return files_.header.extents[0]; }
  std::string name(std::int64_t index) const override {
    return split_ + "/" + std::to_string(index);
  }
  std::int64_t label(std::int64_t index) const override {
    return labels_.empty() ? kNoLabel : labels_[static_cast<std::size_t>(index)];
  }
  ImageSize image_size(std::int64_t) const override {
    return {stored_.height, stored_.width, channels_};
  }
  bool in_memory() const override { return true; }
  bool always_decodes() const override { return true; }
  std::size_t decoded_bytes(std::size_t) const override { return files_.header.data_bytes; }

  void decode(std::int64_t index, Image& out) const override {
    const std::uint8_t* in = pixels_.data() + static_cast<std::size_t>(index) * stored_.bytes();
    out.resize(image_size(index));
    if (channels_ == stored_.channels) {
      std::copy_n(in, stored_.bytes(), out.pixels.data());
      return;
    }
    const std::size_t pixels = stored_.bytes() / static_cast<std::size_t>(stored_.channels);
    for (std::size_t i = 0; i < pixels; ++i) {
      if (channels_ == 3) {
        std::fill_n(out.pixels.data() + 3 * i, 3, in[i]);
      } else {
        out.pixels[i] = grey_of(in + 3 * i);
      }
    }
  }

  void open(std::int64_t num_classes) override {
    if (opened_) return;
    if (files_.labels) passes(on_problem_, [&] { labels_ = read_idx_values(*files_.labels); });
    if (num_classes >= 0) check_labels(num_classes);
    passes(on_problem_, [&] { pixels_ = read_idx_values(files_.images); });
    opened_ = true;
  }

  std::vector<std::string> class_names() const {
    std::vector<std::string> names;
    if (labels_.empty()) return names;
    const int last = *std::max_element(labels_.begin(), labels_.end());
    for (int i = 0; i <= last; ++i) names.push_back(std::to_string(i));
    return names;
  }

 private:
  void check_labels(std::int64_t num_classes) const {
    const auto begin = [&] { return "idx: '" + files_.labels->string() + "': labels "; };
    check_each_label(
        labels_.size(), on_problem_, [&](std::size_t i) { return labels_[i] >= num_classes; },
        [&](std::size_t i) {
          throw DataError(begin() + "must be below " + std::to_string(num_classes) +
                          ", the number of classes of train, got " + std::to_string(labels_[i]) +
                          " (sample " + std::to_string(i) + ")");
        },
        [&](std::int64_t more) {
          throw DataError(begin() + "of " + std::to_string(more) + " more samples are not below " +
                          std::to_string(num_classes));
        });
  }

  PartFiles files_;
  std::string split_;
  ImageSize stored_;
  int channels_;
  OnProblem on_problem_;
  std::vector<std::uint8_t> pixels_, labels_;
  bool opened_ = false;  ///< with or without problems that were told
};

void check_sizes(const PartFiles& train, const PartFiles& test) {
  const auto& a = train.header.extents;
  const auto& b = test.header.extents;
  if (a.size() == b.size() && std::equal(a.begin() + 1, a.end(), b.begin() + 1)) return;
  throw DataError("idx: '" + test.images.string() + "': images must have the size of train's " +
                  shape_text(a) + ", got " + shape_text(b));
}

void check_both_labelled(const PartFiles& train, const PartFiles& test) {
  if (train.labels.has_value() == test.labels.has_value()) return;
  const PartFiles& without = train.labels ? test : train;
  throw DataError("idx: '" + without.images.string() + "': has no labels file '" + without.prefix +
                  "-labels-idx1-ubyte[.gz]' beside it, but the other part has one");
}

}  // namespace

Source open_idx(const fs::path& folder, int channels, const OnProblem& on_problem) {
  check_folder(folder);
  Source source;
  source.reader = "idx";
  source.path = folder;
  const auto train = find_part(folder, "train", on_problem);
  if (!train && !find_file(folder, "train", "images", {"idx3", "idx4"}))
    passes(on_problem, [&] {
      throw DataError(
          "idx: no file 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz' in '" +
          folder.string() + "'");
    });
  auto test = find_part(folder, "t10k", on_problem);
  if (!test) test = find_part(folder, "test", on_problem);
  if (train && test) {
    passes(on_problem, [&] { check_sizes(*train, *test); });
    passes(on_problem, [&] { check_both_labelled(*train, *test); });
  }
  const auto open_part = [&](const PartFiles& files, const char* split) {
    const ImageSize stored = size_in_file(files.header, files.images);
    if (source.channels == 0) source.channels = channels == 0 ? stored.channels : channels;
    return std::make_unique<IdxSource>(files, split, stored, source.channels, on_problem);
  };
  if (train) {
    constexpr std::int64_t kAnyClass = -1;
    auto opened = open_part(*train, "train");
    opened->open(kAnyClass);
    source.class_names = opened->class_names();
    const ImageSize size = opened->image_size(0);
    source.image = {
        "image", FieldType::kUint8, {size.height, size.width, source.channels}, Encoding::kRaw};
    source.train = std::move(opened);
  }
  if (test) source.test = open_part(*test, "test");
  return source;
}

}  // namespace kith::host
