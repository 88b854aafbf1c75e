// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <algorithm>
#include <kith/error.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "data/file_bytes.h"
#include "data/folder_source.h"

namespace kith::host {
namespace {

namespace fs = std::filesystem;

/// Names in a folder, hidden ones left out, sorted by bytes. A link to nothing is among the files,
/// and found to be none where it is read.
struct Listing {
  std::vector<std::string> folders, files, broken_links;
};

[[noreturn]] void fail_at_link(const fs::path& link) {
  throw DataError("image_folder: '" + link.string() + "': is a link to nothing");
}

Listing list_folder(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code not_there;
    (it->is_directory(not_there) ? listing.folders : listing.files).push_back(name);
    if (it->is_symlink(not_there) && !it->exists(not_there)) listing.broken_links.push_back(name);
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
             std::vector<FolderEntry>& entries) {
  constexpr int kMaxDepth = 32;
  if (depth > kMaxDepth) {
    throw DataError("image_folder: '" + (root / below).string() + "': folders lie more than " +
                    std::to_string(kMaxDepth) + " deep; a link may lead back");
  }
  const Listing listing = list_folder(root / below);
  const std::string prefix = below.empty() ? "" : below + "/";
  for (const std::string& file : listing.files) entries.push_back({prefix + file, label});
  for (const std::string& folder : listing.folders) {
    collect(root, prefix + folder, label, depth + 1, entries);
  }
}

/// One split's folder: with class folders, or with files alone.
struct Part {
  fs::path root;
  Listing listing;
  bool labelled() const { return !listing.folders.empty(); }
};

Part list_part(const fs::path& root) {
  Part part{root, list_folder(root)};
  if (part.labelled() && !part.listing.broken_links.empty())
    fail_at_link(root / part.listing.broken_links.front());
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

std::unique_ptr<SplitSource> open_part(const Part& part, const Part& train,
                                       const FolderSettings& settings) {
  check_against_train(part, train);
  const auto& classes = train.listing.folders;
  std::vector<FolderEntry> entries;
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
  return std::make_unique<FolderSource>(part.root, std::move(entries), settings);
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

/// Where each split lies; empty: there is none.
struct SplitFolders {
  fs::path train, val, test;
};

/// Whether both are one folder, or `inner` lies somewhere in `outer`.
bool contains(const fs::path& outer, const fs::path& inner) {
  std::error_code ignored;
  const fs::path below = fs::canonical(inner, ignored), above = fs::canonical(outer, ignored);
  const auto parted = std::mismatch(above.begin(), above.end(), below.begin(), below.end());
  return !above.empty() && parted.first == above.end();
}

/// An image must not stand in two splits.
void check_apart(const SplitFolders& folders) {
  const std::pair<const char*, fs::path> all[] = {
      {"train", folders.train}, {"val", folders.val}, {"test", folders.test}};
  for (const auto& [outer, outer_path] : all) {
    for (const auto& [inner, inner_path] : all) {
      if (outer == inner || outer_path.empty() || inner_path.empty()) continue;
      if (!contains(outer_path, inner_path)) continue;
      throw DataError("image_folder: the folder of " + std::string(inner) +
                      " must lie outside that of " + outer + ", got '" + inner_path.string() +
                      "' and '" + outer_path.string() + "'");
    }
  }
}

/// Without any folder for train, the images lie in `path` itself.
SplitFolders find_splits(const FolderSettings& settings) {
  SplitFolders folders{settings.train_path, settings.val_path, settings.test_path};
  Listing top;
  if (!settings.path.empty()) {
    check_folder(settings.path);
    top = list_folder(settings.path);
  }
  const auto below = [&](fs::path& folder, const char* name) {
    if (folder.empty() && std::count(top.broken_links.begin(), top.broken_links.end(), name) > 0)
      fail_at_link(settings.path / name);
    if (folder.empty() && has_name(top.folders, name)) folder = settings.path / name;
    if (!folder.empty()) check_folder(folder);
  };
  below(folders.train, "train");
  below(folders.val, "val");
  below(folders.test, "test");
  const bool alone = top.folders.empty() && folders.val.empty() && folders.test.empty();
  if (folders.train.empty() && !alone) {
    throw DataError("image_folder: '" + settings.path.string() +
                    "': must have a folder 'train', or images alone, got folders " +
                    some_names(top.folders) +
                    "; where the classes lie in one folder without splits, name it as train_path");
  }
  check_apart(folders);
  return folders;
}

}  // namespace

Source open_image_folder(const FolderSettings& given) {
  FolderSettings settings = given;
  if (settings.channels == 0) settings.channels = 3;
  Source source;
  source.reader = "image_folder";
  source.path = settings.path.empty() ? settings.train_path : settings.path;
  source.channels = settings.channels;
  source.image = {"image", FieldType::kUint8, {-1, -1, source.channels}, Encoding::kImageFile};

  const SplitFolders folders = find_splits(settings);
  if (folders.train.empty()) {
    const Part all = list_part(settings.path);
    source.train = open_part(all, all, settings);
    return source;
  }
  const Part train = list_part(folders.train);
  source.class_names = train.listing.folders;
  source.train = open_part(train, train, settings);
  if (!folders.val.empty()) source.val = open_part(list_part(folders.val), train, settings);
  if (!folders.test.empty()) source.test = open_part(list_part(folders.test), train, settings);
  return source;
}

}  // namespace kith::host
