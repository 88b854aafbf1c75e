// SPDX-License-Identifier: Apache-2.0
#include "data/cifar_reader.h"

#include <algorithm>
#include <kith/error.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "data/file_bytes.h"
#include "data/image_codec.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kPublishedBatches = 5;  // of CIFAR-10's train

/// What CIFAR-10 and CIFAR-100 differ in.
struct Layout {
  std::string reader;
  std::size_t label_bytes = 1;  ///< Of a record, before its pixels.
  std::size_t label_at = 0;     ///< Which of them is the label.
  std::int64_t num_classes = 10;
  std::string names_file;

  std::size_t record() const { return label_bytes + 3 * kPlane; }
};

[[noreturn]] void fail(const Layout& layout, const fs::path& file, const std::string& what) {
  throw DataError(layout.reader + ": '" + file.string() + "': " + what);
}

/// The number of records in a file, by its size.
std::int64_t count_records(const Layout& layout, const fs::path& file) {
  const auto bytes = static_cast<std::size_t>(fs::file_size(file));
  if (bytes == 0 || bytes % layout.record() != 0) {
    fail(layout, file,
         "must hold records of " + std::to_string(layout.record()) + " bytes, got " +
             std::to_string(bytes) + " bytes, which is " + std::to_string(bytes / layout.record()) +
             " records and " + std::to_string(bytes % layout.record()) + " bytes");
  }
  return static_cast<std::int64_t>(bytes / layout.record());
}

class CifarSource : public SplitSource {
 public:
  CifarSource(Layout layout, std::string split, const std::vector<fs::path>& files, int channels,
              OnProblem on_problem)
      : layout_(std::move(layout)),
        split_(std::move(split)),
        channels_(channels),
        on_problem_(std::move(on_problem)) {
    for (const fs::path& file : files)
      if (passes(on_problem_, [&] { size_ += count_records(layout_, file); }))
        files_.push_back(file);
  }

  std::int64_t size() const override { return size_; }
  std::string name(std::int64_t index) const override {
    return split_ + "/" + std::to_string(index);
  }
  std::int64_t label(std::int64_t index) const override { return record(index)[layout_.label_at]; }
  ImageSize image_size(std::int64_t) const override { return {kSide, kSide, channels_}; }
  bool in_memory() const override { return true; }
  bool always_decodes() const override { return true; }
  std::size_t decoded_bytes(std::size_t) const override {
    return static_cast<std::size_t>(size_) * layout_.record();
  }

  void decode(std::int64_t index, Image& out) const override {
    const std::uint8_t* planes = record(index) + layout_.label_bytes;
    out.resize(image_size(index));
    std::uint8_t* to = out.pixels.data();
    for (std::size_t i = 0; i < kPlane; ++i) {
      const std::uint8_t rgb[] = {planes[i], planes[kPlane + i], planes[2 * kPlane + i]};
      if (channels_ == 3) {
        to = std::copy_n(rgb, 3, to);
      } else {
        *to++ = grey_of(rgb);
      }
    }
  }

  void open(std::int64_t) override {
    if (!bytes_.empty()) return;
    std::vector<std::uint8_t> bytes;  // kept only if all of it is right
    bytes.reserve(static_cast<std::size_t>(size_) * layout_.record());
    for (const fs::path& file : files_) {
      const std::vector<std::uint8_t> more = read_file(file);
      check_labels(more, file);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    if (bytes.size() != static_cast<std::size_t>(size_) * layout_.record()) {
      fail(layout_, files_.front(), "its size is not the one it had when it was opened");
    }
    bytes_ = std::move(bytes);
  }

 private:
  const std::uint8_t* record(std::int64_t index) const {
    return bytes_.data() + static_cast<std::size_t>(index) * layout_.record();
  }

  void check_labels(const std::vector<std::uint8_t>& bytes, const fs::path& file) const {
    const std::string classes = std::to_string(layout_.num_classes);
    const auto label = [&](std::size_t i) {
      return bytes[i * layout_.record() + layout_.label_at];
    };
    check_each_label(
        bytes.size() / layout_.record(), on_problem_,
        [&](std::size_t i) { return label(i) >= layout_.num_classes; },
        [&](std::size_t i) {
          fail(layout_, file,
               "labels must be below " + classes + ", got " + std::to_string(label(i)) +
                   " (record " + std::to_string(i) + ")");
        },
        [&](std::int64_t more) {
          fail(layout_, file,
               "labels of " + std::to_string(more) + " more records are not below " + classes);
        });
  }

  Layout layout_;
  std::string split_;
  std::vector<fs::path> files_;
  int channels_;
  OnProblem on_problem_;
  std::int64_t size_ = 0;
  std::vector<std::uint8_t> bytes_;
};

/// The lines of the file of names that are not empty.
std::vector<std::string> read_class_names(const Layout& layout, const fs::path& file) {
  std::vector<std::string> names;
  const std::vector<std::uint8_t> bytes = read_file(file);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(text, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) names.push_back(line);
  }
  if (static_cast<std::int64_t>(names.size()) == layout.num_classes) return names;
  fail(layout, file,
       "must have the names of " + std::to_string(layout.num_classes) +
           " classes, one a line, got " + std::to_string(names.size()));
}

/// Numbers where there is no file of names.
std::vector<std::string> class_names(const Layout& layout, const fs::path& folder,
                                     const OnProblem& on_problem) {
  std::vector<std::string> names;
  const fs::path file = folder / layout.names_file;
  if (fs::exists(file) && passes(on_problem, [&] { names = read_class_names(layout, file); }))
    return names;
  for (std::int64_t i = 0; i < layout.num_classes; ++i) names.push_back(std::to_string(i));
  return names;
}

/// data_batch_1.bin and what follows it, up to the last that is there.
std::vector<fs::path> find_batches(const Layout& layout, const fs::path& folder,
                                   const OnProblem& on_problem) {
  constexpr int kMostBatches = 99;
  std::vector<fs::path> found;
  int last = 0;
  for (int i = 1; i <= kMostBatches; ++i) {
    const fs::path file = folder / ("data_batch_" + std::to_string(i) + ".bin");
    if (!fs::is_regular_file(file)) continue;
    passes(on_problem, [&] {
      if (i != last + 1)
        throw DataError(layout.reader + ": no file 'data_batch_" + std::to_string(last + 1) +
                        ".bin' in '" + folder.string() + "', but one with the number " +
                        std::to_string(i));
    });
    last = i;
    found.push_back(file);
  }
  return found;
}

/// `wanted` names the file that lacks where `train` is empty.
Source open_cifar(const Layout& layout, const fs::path& folder, int channels,
                  const std::vector<fs::path>& train, const std::string& wanted,
                  const std::string& test_name, const OnProblem& on_problem) {
  passes(on_problem, [&] {
    if (train.empty())
      throw DataError(layout.reader + ": no file '" + wanted + "' in '" + folder.string() + "'");
  });
  Source source;
  source.reader = layout.reader;
  source.path = folder;
  source.channels = channels == 0 ? 3 : channels;
  source.image = {"image", FieldType::kUint8, {kSide, kSide, source.channels}, Encoding::kRaw};
  source.class_names = class_names(layout, folder, on_problem);
  source.train = std::make_unique<CifarSource>(layout, "train", train, source.channels, on_problem);
  source.train->open(layout.num_classes);
  const fs::path test = folder / test_name;
  if (fs::is_regular_file(test)) {
    source.test = std::make_unique<CifarSource>(layout, "test", std::vector{test}, source.channels,
                                                on_problem);
  }
  return source;
}

}  // namespace

Source open_cifar10(const fs::path& folder, int channels, const OnProblem& on_problem) {
  check_folder(folder);
  const Layout layout{"cifar10", 1, 0, 10, "batches.meta.txt"};
  const auto train = find_batches(layout, folder, on_problem);
  const auto batches = train.size();
  auto source =
      open_cifar(layout, folder, channels, train, "data_batch_1.bin", "test_batch.bin", on_problem);
  if (batches > 0 && batches < kPublishedBatches)
    source.warnings.push_back(layout.reader + ": '" + folder.string() + "' ends with data_batch_" +
                              std::to_string(batches) + ".bin, and CIFAR-10 as published has " +
                              std::to_string(kPublishedBatches) +
                              " batches: train is only what is there");
  return source;
}

Source open_cifar100(const fs::path& folder, bool coarse_labels, int channels,
                     const OnProblem& on_problem) {
  check_folder(folder);
  const Layout layout = coarse_labels ? Layout{"cifar100", 2, 0, 20, "coarse_label_names.txt"}
                                      : Layout{"cifar100", 2, 1, 100, "fine_label_names.txt"};
  std::vector<fs::path> train;
  if (fs::is_regular_file(folder / "train.bin")) train.push_back(folder / "train.bin");
  return open_cifar(layout, folder, channels, train, "train.bin", "test.bin", on_problem);
}

}  // namespace kith::host
