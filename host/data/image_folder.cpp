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

/// A problem of one place, which goes to the caller or is passed over (passes).
void note(const OnProblem& on_problem, const fs::path& at, const std::string& what) {
  passes(on_problem, [&] { throw DataError("image_folder: '" + at.string() + "': " + what); });
}

constexpr const char* kBrokenLink = "is a link to nothing";

Listing list_folder(const fs::path& folder, const OnProblem& on_problem) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code not_there;
    (it->is_directory(not_there) ? listing.folders : listing.files).push_back(name);
    if (it->is_symlink(not_there) && !it->exists(not_there)) listing.broken_links.push_back(name);
  }
  if (error) note(on_problem, folder, "cannot be listed: " + error.message());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.broken_links.begin(), listing.broken_links.end());
  return listing;
}

/// Appends all files below `root`/`below`. Links that lead back end it, whether problems are passed
/// over or not: two of them would double the files at each level.
void collect(const fs::path& root, const std::string& below, std::int64_t label, int depth,
             const OnProblem& on_problem, std::vector<FolderEntry>& entries) {
  constexpr int kMaxDepth = 32;
  if (depth > kMaxDepth) {
    throw DataError("image_folder: '" + (root / below).string() + "': folders lie more than " +
                    std::to_string(kMaxDepth) + " deep; a link may lead back");
  }
  const Listing listing = list_folder(root / below, on_problem);
  const std::string prefix = below.empty() ? "" : below + "/";
  for (const std::string& file : listing.files) entries.push_back({prefix + file, label});
  for (const std::string& folder : listing.folders) {
    collect(root, prefix + folder, label, depth + 1, on_problem, entries);
  }
}

/// One split's folder: with class folders, or with files alone.
struct Part {
  fs::path root;
  Listing listing;
  bool labelled() const { return !listing.folders.empty(); }
};

Part list_part(const fs::path& root, const OnProblem& on_problem) {
  Part part{root, list_folder(root, on_problem)};
  auto& listing = part.listing;
  if (part.labelled()) {
    for (const auto& link : listing.broken_links) note(on_problem, root / link, kBrokenLink);
    std::erase_if(listing.files, [&](const std::string& file) {
      return std::binary_search(listing.broken_links.begin(), listing.broken_links.end(), file);
    });
    if (!listing.files.empty())
      note(on_problem, root,
           "must hold class folders or images, got both (folder '" + listing.folders.front() +
               "', file '" + listing.files.front() + "')");
  } else if (listing.files.empty()) {
    note(on_problem, root, "is empty: no class folder, no image");
  }
  return part;
}

void check_against_train(const Part& part, const Part& train, const OnProblem& on_problem) {
  if (part.labelled() != train.labelled()) {
    note(on_problem, part.root,
         "must have class folders if '" + train.root.string() + "' has them, and only then");
    return;
  }
  const auto& classes = train.listing.folders;
  for (const std::string& name : part.listing.folders) {
    if (!std::binary_search(classes.begin(), classes.end(), name))
      note(on_problem, part.root,
           "class '" + name + "' is not one of the classes in '" + train.root.string() + "'");
  }
}

std::int64_t label_of(const std::string& name, const std::vector<std::string>& classes) {
  const auto at = std::lower_bound(classes.begin(), classes.end(), name);
  return at == classes.end() || *at != name ? kNoLabel : at - classes.begin();
}

std::unique_ptr<SplitSource> open_part(const Part& part, const Part& train,
                                       const FolderSettings& settings,
                                       const OnProblem& on_problem) {
  check_against_train(part, train, on_problem);
  std::vector<FolderEntry> entries;
  const auto add = [&](const std::string& below, std::int64_t label) {
    passes(on_problem, [&] { collect(part.root, below, label, 0, on_problem, entries); });
  };
  if (!part.labelled()) add("", kNoLabel);
  for (const std::string& name : part.listing.folders) {
    const std::size_t before = entries.size();
    add(name, label_of(name, train.listing.folders));
    if (entries.size() == before && &part == &train)
      note(on_problem, part.root / name, "class without an image");
  }
  if (entries.empty() && part.labelled()) note(on_problem, part.root, "has no image");
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
void check_apart(const SplitFolders& folders, const OnProblem& on_problem) {
  const std::pair<const char*, fs::path> all[] = {
      {"train", folders.train}, {"val", folders.val}, {"test", folders.test}};
  for (const auto& [outer, outer_path] : all) {
    for (const auto& [inner, inner_path] : all) {
      if (outer == inner || outer_path.empty() || inner_path.empty()) continue;
      if (!contains(outer_path, inner_path)) continue;
      passes(on_problem, [&] {
        throw DataError("image_folder: the folder of " + std::string(inner) +
                        " must lie outside that of " + outer + ", got '" + inner_path.string() +
                        "' and '" + outer_path.string() + "'");
      });
    }
  }
}

/// Without any folder for train, the images lie in `path` itself.
SplitFolders find_splits(const FolderSettings& settings, const OnProblem& on_problem) {
  SplitFolders folders{settings.train_path, settings.val_path, settings.test_path};
  Listing top;
  if (!settings.path.empty()) {
    check_folder(settings.path);
    top = list_folder(settings.path, on_problem);
  }
  const auto below = [&](fs::path& folder, const char* name, const OnProblem& on_absent) {
    if (folder.empty() && std::count(top.broken_links.begin(), top.broken_links.end(), name) > 0)
      note(on_problem, settings.path / name, kBrokenLink);
    if (folder.empty() && has_name(top.folders, name)) folder = settings.path / name;
    if (!folder.empty() && !passes(on_absent, [&] { check_folder(folder); })) folder.clear();
  };
  below(folders.train, "train", {});
  below(folders.val, "val", on_problem);
  below(folders.test, "test", on_problem);
  const bool alone = top.folders.empty() && folders.val.empty() && folders.test.empty();
  if (folders.train.empty() && !alone) {
    throw DataError("image_folder: '" + settings.path.string() +
                    "': must have a folder 'train', or images alone, got folders " +
                    some_names(top.folders) +
                    "; where the classes lie in one folder without splits, name it as train_path");
  }
  check_apart(folders, on_problem);
  return folders;
}

}  // namespace

Source open_image_folder(const FolderSettings& given, const OnProblem& on_problem) {
  FolderSettings settings = given;
  if (settings.channels == 0) settings.channels = 3;
  Source source;
  source.reader = "image_folder";
  source.path = settings.path.empty() ? settings.train_path : settings.path;
  source.channels = settings.channels;
  source.image = {"image", FieldType::kUint8, {-1, -1, source.channels}, Encoding::kImageFile};

  const SplitFolders folders = find_splits(settings, on_problem);
  if (folders.train.empty()) {
    const Part all = list_part(settings.path, on_problem);
    source.train = open_part(all, all, settings, on_problem);
    return source;
  }
  const Part train = list_part(folders.train, on_problem);
  source.class_names = train.listing.folders;
  source.train = open_part(train, train, settings, on_problem);
  const auto open_other = [&](const fs::path& folder) {
    return open_part(list_part(folder, on_problem), train, settings, on_problem);
  };
  if (!folders.val.empty()) source.val = open_other(folders.val);
  if (!folders.test.empty()) source.test = open_other(folders.test);
  return source;
}

}  // namespace kith::host
