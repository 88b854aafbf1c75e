// SPDX-License-Identifier: Apache-2.0
#include "plugin/registry.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "plugin/checks.h"
#include "plugin/nearest_name.h"
#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"

namespace kith::host {
namespace fs = std::filesystem;

struct PluginRegistry::Entry {
  PluginRecord record;
  std::size_t folder = 0;
  bool duplicate = false;  // two files of its folder have its id: none of them can be meant
  bool checked = false;
  std::unique_ptr<LoadedPlugin> loaded;
};

namespace {

struct OpenedFile {
  PluginFile file;
  ElfFile elf;
  PluginMetadata metadata;
};

/// Reads and checks a file that was scanned before; it must still be the same.
OpenedFile check_again(const PluginRecord& record, const HostAbilities& host) {
  PluginFile file = read_plugin_file(record.path);
  if (file.sha256 != record.sha256)
    throw PluginRefused({RefusalCode::kChanged,
                         "'" + record.metadata.id + "' changed since it was found",
                         record.path.string() + ", SHA-256 " + file.sha256,
                         "found SHA-256 " + record.sha256, "start again"});
  ElfFile elf = parse_elf(file);
  PluginMetadata metadata = read_note(elf, file.path);
  check_note(metadata, file, host);
  check_symbols(elf, metadata, file);
  return {std::move(file), std::move(elf), std::move(metadata)};
}

PluginRecord read_record(const fs::path& path, const std::string& reason) {
  const PluginFile file = read_plugin_file(path);
  const ElfFile elf = parse_elf(file);
  PluginRecord record;
  record.metadata = read_note(elf, path);
  std::error_code error;
  record.path = fs::absolute(path, error).lexically_normal();
  record.sha256 = file.sha256;
  record.size = file.size();
  record.folder_reason = reason;
  for (std::string_view library : elf.needed_libraries())
    record.needed_libraries.emplace_back(library);
  return record;
}

bool is_file_name(const std::string& name) {
  return name.find('/') != std::string::npos ||
         (name.size() > 3 && name.compare(name.size() - 3, 3, ".so") == 0);
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

void throw_refusals(const std::vector<Refusal>& refusals) {
  if (refusals.empty()) return;
  if (refusals.size() == 1) throw PluginRefused(refusals.front());
  std::string text;
  for (const Refusal& refusal : refusals) text += (text.empty() ? "" : "\n") + refusal.text();
  throw kith::PluginError(text);
}

std::string with_article(const std::string& kind) {
  const bool vowel = !kind.empty() && std::string("aeiou").find(kind[0]) != std::string::npos;
  return (vowel ? "an " : "a ") + (kind.empty() ? std::string("unknown kind of plugin") : kind);
}

}  // namespace

PluginRegistry::PluginRegistry(std::vector<PluginFolder> folders, HostAbilities host,
                               TrialSettings trial)
    : folders_(std::move(folders)), host_(std::move(host)), trial_(std::move(trial)) {
  scan();
}

PluginRegistry::~PluginRegistry() = default;

void PluginRegistry::scan() {
  for (std::size_t i = 0; i < folders_.size(); ++i) scan_folder(i);
}

void PluginRegistry::scan_folder(std::size_t folder) {
  const auto known = [&](const fs::path& path) {
    const auto is = [&](const std::unique_ptr<Entry>& e) { return e->record.path == path; };
    return std::any_of(entries_.begin(), entries_.end(), is) ||
           std::find(shadowed_.begin(), shadowed_.end(), path) != shadowed_.end() ||
           std::any_of(refused_.begin(), refused_.end(),
                       [&](const RefusedFile& f) { return f.path == path; });
  };
  for (const fs::path& found : plugin_files_in(folders_[folder].path, folders_[folder].depth)) {
    std::error_code error;
    const fs::path path = fs::absolute(found, error).lexically_normal();
    if (known(path)) continue;
    try {
      add(read_record(path, folders_[folder].reason), folder);
    } catch (const PluginRefused& e) {
      refused_.push_back({path, "", e.refusal()});
      messages_.push_back("loader: passed over " + path.string() + ": " + e.refusal().what);
    }
  }
}

void PluginRegistry::add(PluginRecord record, std::size_t folder) {
  const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) {
    return e->record.metadata.id == record.metadata.id;
  });
  if (same == entries_.end()) {
    auto entry = std::make_unique<Entry>();
    entry->record = std::move(record);
    entry->folder = folder;
    entries_.push_back(std::move(entry));
    return;
  }
  Entry& first = **same;
  const std::string id = "'" + record.metadata.id + "'";
  if (first.folder == folder && first.record.sha256 != record.sha256) {
    first.duplicate = true;
    const Refusal why{RefusalCode::kDuplicate, id + " is there twice in one folder",
                      first.record.path.string() + " and " + record.path.string(),
                      "wants each id once in a folder (" + folders_[folder].path.string() + ")",
                      "remove one of the two files"};
    refused_.push_back({first.record.path, record.metadata.id, why});
    refused_.push_back({record.path, record.metadata.id, why});
    return;
  }
  // Folders are scanned from the nearest on, so the one that is there wins.
  if (first.record.sha256 != record.sha256)
    messages_.push_back("loader: " + id + " is taken from " + first.record.path.string() + " (" +
                        first.record.folder_reason + "), not from " + record.path.string());
  shadowed_.push_back(record.path);
}

const PluginRecord& PluginRegistry::find(const std::string& kind, const std::string& name,
                                         const fs::path& base_folder) {
  if (is_file_name(name)) return find_file(kind, base_folder / name);
  std::vector<const Entry*> meant;
  for (const auto& list : {&files_, &entries_}) {
    for (const auto& entry : *list) {
      const PluginMetadata& m = entry->record.metadata;
      if (m.id != name && (m.kind != kind || m.name != name)) continue;
      const bool hidden = std::any_of(meant.begin(), meant.end(), [&](const Entry* other) {
        return other->record.metadata.id == m.id;  // the one named by its file wins
      });
      if (!hidden) meant.push_back(entry.get());
    }
  }
  if (meant.empty()) throw_not_found(kind, name);
  if (meant.size() > 1) {
    std::vector<std::string> ids;
    ids.reserve(meant.size());
    for (const Entry* entry : meant) ids.push_back(entry->record.metadata.id);
    throw kith::PluginError("loader: the short name '" + name + "' means " +
                            std::to_string(ids.size()) + " plugins of kind " + kind + ": " +
                            joined(ids) + "; write the full id");
  }
  const Entry& entry = *meant.front();
  if (entry.duplicate) throw PluginRefused(*refusal_for(entry.record.path));
  check_kind(entry.record, kind, name);
  return entry.record;
}

const PluginRecord& PluginRegistry::find_file(const std::string& kind, const fs::path& file) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error).lexically_normal();
  for (const auto& entry : files_)
    if (entry->record.path == path) {
      check_kind(entry->record, kind, file.string());
      return entry->record;
    }
  auto entry = std::make_unique<Entry>();
  entry->record = read_record(path, "named by its file");
  check_kind(entry->record, kind, file.string());
  files_.push_back(std::move(entry));
  return files_.back()->record;
}

const PluginRecord& PluginRegistry::find_of_any_kind(const std::string& name) {
  if (is_file_name(name)) return find_file("", name);
  std::vector<const PluginRecord*> found;
  std::vector<std::string> names;
  for (const PluginRecord* record : records()) {
    names.push_back(record->metadata.name);
    if (record->metadata.name == name || record->metadata.id == name) found.push_back(record);
  }
  if (found.size() == 1) return *found.front();
  if (found.empty()) {
    for (const RefusedFile& file : refused_)
      if (file.id == name || file.path.stem() == short_name(name))
        throw PluginRefused(file.refusal);
    const std::string near = did_you_mean(name, names);
    throw kith::PluginError("plugin: none is called '" + name + "'" +
                            (near.empty() ? "; kith plugin list shows all" : near));
  }
  std::string ids;
  for (const PluginRecord* record : found)
    ids += "\n  " + record->metadata.kind + " " + record->metadata.id;
  throw kith::PluginError("plugin: '" + name + "' is ambiguous; name one by its id:" + ids);
}

void PluginRegistry::check_kind(const PluginRecord& record, const std::string& kind,
                                const std::string& name) const {
  if (kind.empty() || record.metadata.kind == kind) return;
  throw kith::PluginError("loader: " + name + " is " + with_article(record.metadata.kind) +
                          ", wanted " + with_article(kind) + " (" + record.path.string() + ")");
}

void PluginRegistry::throw_not_found(const std::string& kind, const std::string& name) const {
  for (const RefusedFile& file : refused_)
    if (file.id == name || file.path.stem() == name || file.path.stem() == short_name(name))
      throw PluginRefused(file.refusal);
  std::vector<std::string> names, ids;
  for (const PluginRecord* record : records()) {
    const PluginMetadata& m = record->metadata;
    if (m.name == name || m.id == name)
      throw kith::PluginError("loader: no " + kind + " '" + name + "'; '" + name + "' is " +
                              with_article(m.kind));
    if (m.kind != kind) continue;
    names.push_back(m.name);
    ids.push_back(m.id);
  }
  const bool full = name.find('.') != std::string::npos;
  std::string text = "loader: no " + kind + " '" + name + "'";
  const std::string near = did_you_mean(name, full ? ids : names);
  if (!near.empty()) {
    text += near;
  } else if (!names.empty()) {
    text += "; there are: " + joined(names);
  } else {
    std::vector<std::string> places;
    for (const PluginFolder& folder : folders_) places.push_back(folder.path.string());
    text += "; no plugin of that kind was found in: " + joined(places);
  }
  throw kith::PluginError(text);
}

const Refusal* PluginRegistry::refusal_for(const fs::path& path) const {
  for (const RefusedFile& file : refused_)
    if (file.path == path) return &file.refusal;
  return nullptr;
}

PluginRegistry::Entry& PluginRegistry::entry_of(const PluginRecord& record) {
  for (auto* list : {&files_, &entries_})
    for (auto& entry : *list)
      if (&entry->record == &record) return *entry;
  throw kith::Error("loader: the record of '" + record.metadata.id + "' is of another registry");
}

void PluginRegistry::check(const std::vector<const PluginRecord*>& records) {
  std::vector<OpenedFile> opened;
  std::vector<Entry*> fresh;
  std::set<const Entry*> seen;
  std::vector<Refusal> refusals;
  for (const PluginRecord* record : records) {
    Entry& entry = entry_of(*record);
    if (entry.checked || !seen.insert(&entry).second) continue;
    try {
      opened.push_back(check_again(*record, host_));
      fresh.push_back(&entry);
    } catch (const PluginRefused& e) {
      refusals.push_back(e.refusal());
    }
  }
  std::vector<TrialCandidate> candidates;
  candidates.reserve(opened.size());
  for (const OpenedFile& file : opened) candidates.push_back({&file.file, &file.metadata});
  for (const Refusal& why : try_plugins(candidates, host_.libtorch_version, trial_))
    refusals.push_back(why);
  throw_refusals(refusals);
  for (Entry* entry : fresh) entry->checked = true;
}

const LoadedPlugin& PluginRegistry::load(const PluginRecord& record) {
  Entry& entry = entry_of(record);
  if (entry.loaded) return *entry.loaded;
  if (host_.host == nullptr)
    throw kith::Error("loader: this program reads plugins but has no host to load them into");
  if (!entry.checked) check({&record});
  const PluginFile file = read_plugin_file(record.path);
  if (file.sha256 != record.sha256)
    throw PluginRefused({RefusalCode::kChanged,
                         "'" + record.metadata.id + "' changed since it was checked",
                         record.path.string() + ", SHA-256 " + file.sha256,
                         "checked SHA-256 " + record.sha256, "start again"});
  const void* table = open_plugin(file, record.metadata, host_.host);
  entry.loaded = std::make_unique<LoadedPlugin>(LoadedPlugin{&record, table});
  return *entry.loaded;
}

std::optional<Refusal> PluginRegistry::refusal_of(const PluginRecord& record) const {
  if (const Refusal* known = refusal_for(record.path)) return *known;
  try {
    check_again(record, host_);
    return std::nullopt;
  } catch (const PluginRefused& e) {
    return e.refusal();
  }
}

std::vector<const PluginRecord*> PluginRegistry::records() const {
  std::vector<const PluginRecord*> out;
  for (const auto& entry : entries_)
    if (!entry->duplicate) out.push_back(&entry->record);
  std::sort(out.begin(), out.end(), [](const PluginRecord* a, const PluginRecord* b) {
    return std::tie(a->metadata.kind, a->metadata.id) < std::tie(b->metadata.kind, b->metadata.id);
  });
  return out;
}

}  // namespace kith::host
