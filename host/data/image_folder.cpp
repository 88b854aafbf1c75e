// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <algorithm>
#include <kith/error.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "data/file_bytes.h"
#include "data/image_codec.h"
#include "data/parallel.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name;  ///< Path below the split's folder.
  std::int64_t label = kNoLabel;
  ImageSize size;
};

/// Names in a folder, hidden ones left out, sorted by bytes.
struct Listing {
  std::vector<std::string> folders, files;
};

Listing list_folder(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    const fs::file_status status = it->status(error);
    if (error || !fs::exists(status)) {
      throw DataError("image_folder: '" + it->path().string() + "': is a link to nothing");
    }
    (fs::is_directory(status) ? listing.folders : listing.files).push_back(name);
  }
  if (error) {
    throw DataError("image_folder: '" + folder.string() +
                    "': cannot be listed: " + error.message());
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

/// Appends all files below `root`/`below`.
void collect(const fs::path& root, const std::string& below, std::int64_t label, int depth,
             std::vector<Entry>& entries) {
  constexpr int kMaxDepth = 32;
  if (depth > kMaxDepth) {
    throw DataError("image_folder: '" + (root / below).string() + "': folders lie more than " +
                    std::to_string(kMaxDepth) + " deep; a link may lead back");
  }
  const Listing listing = list_folder(root / below);
  const std::string prefix = below.empty() ? "" : below + "/";
  for (const std::string& file : listing.files) entries.push_back({prefix + file, label, {}});
  for (const std::string& folder : listing.folders) {
    collect(root, prefix + folder, label, depth + 1, entries);
  }
}

class FolderSource : public SplitSource {
 public:
  /// Reads the header of every file.
  FolderSource(fs::path root, std::vector<Entry> entries, int channels)
      : root_(std::move(root)), entries_(std::move(entries)), channels_(channels) {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    parallel_for(size(), startup_threads(), [&](std::int64_t i) {
      Entry& entry = entries_[static_cast<std::size_t>(i)];
      entry.size = probe_image(root_ / entry.name);
      entry.size.channels = channels_;
    });
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(entries_.size()); }
  std::string name(std::int64_t index) const override { return entry(index).name; }
  std::int64_t label(std::int64_t index) const override { return entry(index).label; }
  ImageSize image_size(std::int64_t index) const override { return entry(index).size; }
  bool in_memory() const override { return false; }

  void decode(std::int64_t index, Image& out) const override {
    const fs::path file = root_ / entry(index).name;
    decode_image(read_file(file), file.string(), channels_, out);
    if (out.size == entry(index).size) return;
    throw DataError("image_folder: '" + file.string() +
                    "': its size is not the one it had when the data set was opened");
  }

  std::size_t decoded_bytes(std::size_t limit) const override {
    std::size_t sum = 0;
    for (const Entry& entry : entries_) {
      sum += entry.size.bytes();
      if (sum > limit) return SIZE_MAX;
    }
    return sum;
  }

 private:
  const Entry& entry(std::int64_t index) const { return entries_[static_cast<std::size_t>(index)]; }

  fs::path root_;
  std::vector<Entry> entries_;
  int channels_;
};

/// One split's folder: with class folders, or with files alone.
struct Part {
  fs::path root;
  Listing listing;
  bool labelled() const { return !listing.folders.empty(); }
};

Part list_part(const fs::path& root) {
  Part part{root, list_folder(root)};
  if (part.labelled() && !part.listing.files.empty()) {
    throw DataError("image_folder: '" + root.string() +
                    "': must hold class folders or images, got both (folder '" +
                    part.listing.folders.front() + "', file '" + part.listing.files.front() + "')");
  }
  if (!part.labelled() && part.listing.files.empty()) {
    throw DataError("image_folder: '" + root.string() + "': is empty: no class folder, no image");
  }
  return part;
}

void check_against_train(const Part& part, const Part& train) {
  if (part.labelled() != train.labelled()) {
    throw DataError("image_folder: '" + part.root.string() + "': must have class folders if '" +
                    train.root.string() + "' has them, and only then");
  }
  const auto& classes = train.listing.folders;
  for (const std::string& name : part.listing.folders) {
    if (std::binary_search(classes.begin(), classes.end(), name)) continue;
    throw DataError("image_folder: '" + part.root.string() + "': class '" + name +
                    "' is not one of the classes in '" + train.root.string() + "'");
  }
}

std::unique_ptr<SplitSource> open_part(const Part& part, const Part& train, int channels) {
  check_against_train(part, train);
  const auto& classes = train.listing.folders;
  std::vector<Entry> entries;
  if (!part.labelled()) collect(part.root, "", kNoLabel, 0, entries);
  for (const std::string& name : part.listing.folders) {
    const std::size_t before = entries.size();
    const auto label = std::lower_bound(classes.begin(), classes.end(), name) - classes.begin();
    collect(part.root, name, label, 0, entries);
    if (entries.size() == before && &part == &train) {
      throw DataError("image_folder: '" + (part.root / name).string() +
                      "': class without an image");
    }
  }
  if (entries.empty()) {
    throw DataError("image_folder: '" + part.root.string() + "': has no image");
  }
  return std::make_unique<FolderSource>(part.root, std::move(entries), channels);
}

bool has_name(const std::vector<std::string>& sorted, const char* name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::string some_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 4); ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  return text + (names.size() > 4 ? ", ..." : "");
}

}  // namespace

Source open_image_folder(const fs::path& folder, int channels) {
  check_folder(folder);
  const Listing top = list_folder(folder);
  Source source;
  source.reader = "image_folder";
  source.path = folder;
  source.channels = channels == 0 ? 3 : channels;
  source.image = {"image", FieldType::kUint8, {-1, -1, source.channels}, Encoding::kImageFile};

  if (!has_name(top.folders, "train")) {
    if (!top.folders.empty()) {
      throw DataError("image_folder: '" + folder.string() +
                      "': must have a folder 'train', or images alone, got folders " +
                      some_names(top.folders));
    }
    const Part all = list_part(folder);
    source.train = open_part(all, all, source.channels);
    return source;
  }
  const Part train = list_part(folder / "train");
  source.class_names = train.listing.folders;
  source.train = open_part(train, train, source.channels);
  for (const char* name : {"val", "test"}) {
    if (!has_name(top.folders, name)) continue;
    auto part = open_part(list_part(folder / name), train, source.channels);
    (std::string(name) == "val" ? source.val : source.test) = std::move(part);
  }
  return source;
}

}  // namespace kith::host
