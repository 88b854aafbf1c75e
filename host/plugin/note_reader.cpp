// SPDX-License-Identifier: Apache-2.0
#include "plugin/note_reader.h"

#include <cmath>
#include <cstring>
#include <set>

#include "plugin/note_entries.h"
#include "plugin/note_option.h"
#include "plugin/refusal.h"

namespace kith::host {
namespace {

constexpr std::uint32_t kMetadataNote = 1;
constexpr std::uint32_t kOperatorNote = 2;
constexpr std::size_t kOperatorNameBytes = 64;
// No plugin comes near these; they bound time and memory, whatever a file says.
constexpr std::size_t kMaxEntries = 4096;
constexpr std::size_t kMaxOperators = 4096;
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

Fact read_fact(std::span<const std::byte> bytes) {
  std::string parts[4];
  for (std::string& part : parts) {
    if (bytes.size() < 4) throw NoteError("a fact is cut off");
    const std::uint32_t size = note_u32(bytes);
    bytes = bytes.subspan(4);
    if (size > bytes.size()) throw NoteError("a fact is longer than its entry");
    part = note_text(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return {parts[0], parts[1], parts[2], parts[3]};
}

void set_once(std::string& field, std::span<const std::byte> bytes, const char* name) {
  if (!field.empty()) throw NoteError(std::string("it has two entries '") + name + "'");
  field = note_text(bytes);
}

void add_entry(PluginMetadata& out, const NoteEntry& entry) {
  switch (entry.key) {
    case 1:
      return set_once(out.tier, entry.bytes, "tier");
    case 2:
      return set_once(out.sdk_version, entry.bytes, "SDK version");
    case 3:
      return set_once(out.id, entry.bytes, "id");
    case 4:
      return set_once(out.version, entry.bytes, "version");
    case 5:
      return set_once(out.licence, entry.bytes, "licence");
    case 6:
      return set_once(out.summary, entry.bytes, "summary");
    case 7:
      return set_once(out.interface_id, entry.bytes, "interface");
    case 8:
      out.required_services.push_back(note_text(entry.bytes));
      return;
    case 9:
      out.optional_services.push_back(note_text(entry.bytes));
      return;
    case 10:
      return set_once(out.compiler, entry.bytes, "compiler");
    case 11:
      out.options.push_back(read_option(entry.bytes));
      return;
    case 12:
      out.facts.push_back(read_fact(entry.bytes));
      return;
    case 13:
      return set_once(out.authors, entry.bytes, "authors");
    case 14:
      return set_once(out.url, entry.bytes, "url");
    default:
      if (entry.critical()) throw UnknownKey(entry.key);
  }
}

bool is_id(const std::string& id) {
  const std::string name = short_name(id);
  if (id.size() > 200 || name.size() == id.size() || name.empty() || id.front() == '.')
    return false;
  for (char c : id)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
      return false;
  return id.find("..") == std::string::npos;
}

bool has_word(const PluginMetadata& m, const OptionPreset& preset) {
  for (const OptionSpec& option : m.options)
    for (std::size_t i = 1;
         option.type == OptionType::kChoice && !option.is_list && i < option.choices.size(); ++i)
      if (option.name == preset.option && option.choices[i] == preset.word) return true;
  return false;
}

void check_whole(const PluginMetadata& m) {
  if (m.tier.empty()) throw NoteError("it names no tier");
  if (m.sdk_version.empty()) throw NoteError("it names no SDK version");
  if (m.interface_id.empty()) throw NoteError("it names no interface");
  if (!is_id(m.id)) throw NoteError("its id '" + m.id + "' is not of the form 'org.lab.name'");
  std::set<std::string> names;
  for (const OptionSpec& option : m.options)
    if (!names.insert(option.name).second)
      throw NoteError("it has two options '" + option.name + "'");
  for (const OptionSpec& option : m.options)
    for (const OptionPreset& preset : option.presets)
      if (!has_word(m, preset))
        throw NoteError("option '" + option.name + "' has a preset for '" + preset.option +
                        "' = '" + preset.word + "', which is no choice beside the first");
}

PluginMetadata read_metadata(std::span<const std::byte> descriptor) {
  if (descriptor.size() < 8) throw NoteError("it is cut off");
  if (descriptor.size() > kMaxBytes)
    throw NoteError("it has " + std::to_string(descriptor.size()) + " bytes, the most is " +
                    std::to_string(kMaxBytes));
  if (std::memcmp(descriptor.data(), "KTN", 3) != 0) throw NoteError("it does not begin with KTN1");
  if (static_cast<char>(descriptor[3]) != '1') throw UnknownForm();
  if (note_u32(descriptor.subspan(4)) != descriptor.size())
    throw NoteError("it says that it has " + std::to_string(note_u32(descriptor.subspan(4))) +
                    " bytes, and has " + std::to_string(descriptor.size()));
  PluginMetadata out;
  NoteEntries entries(descriptor.subspan(8));
  std::size_t count = 0;
  while (const std::optional<NoteEntry> entry = entries.next()) {
    if (++count > kMaxEntries) throw NoteError("it has too many entries");
    add_entry(out, *entry);
  }
  check_whole(out);
  out.name = short_name(out.id);
  out.kind = kind_of_interface(out.interface_id);
  return out;
}

/// Merges one operator note in: an operator is required if one of its notes says so.
void add_operator(std::vector<OperatorUse>& all, std::span<const std::byte> descriptor) {
  if (descriptor.size() != kOperatorNameBytes + 4)
    throw NoteError("an operator's entry has " + std::to_string(descriptor.size()) + " bytes");
  const char* name = reinterpret_cast<const char*>(descriptor.data());
  const std::size_t size = ::strnlen(name, kOperatorNameBytes);
  if (size == 0 || size == kOperatorNameBytes) throw NoteError("an operator's name does not end");
  const std::string text = note_text(descriptor.first(size));
  const bool required = (note_u32(descriptor.subspan(kOperatorNameBytes)) & 1) != 0;
  for (OperatorUse& use : all) {
    if (use.name != text) continue;
    use.required = use.required || required;
    return;
  }
  if (all.size() == kMaxOperators) throw NoteError("it lists too many operators");
  all.push_back({text, required});
}

[[noreturn]] void refuse(RefusalCode code, const std::string& what,
                         const std::filesystem::path& path, const std::string& host,
                         const std::string& todo) {
  throw PluginRefused(
      {code, "'" + path.filename().string() + "' " + what, path.string(), host, todo});
}

}  // namespace

std::string short_name(const std::string& id) { return id.substr(id.rfind('.') + 1); }

std::string kind_of_interface(const std::string& interface_id) {
  const std::size_t slash = interface_id.rfind('/');
  if (interface_id.rfind("kith.", 0) != 0 || slash == std::string::npos || slash <= 5) return {};
  return interface_id.substr(5, slash - 5);
}

PluginMetadata read_note(const ElfFile& elf, const std::filesystem::path& path) {
  const ElfNote* metadata = nullptr;
  std::vector<OperatorUse> operators;
  try {
    for (const ElfNote& note : elf.notes()) {
      if (note.owner != "kith") continue;
      if (note.type == kOperatorNote) add_operator(operators, note.descriptor);
      if (note.type != kMetadataNote) continue;
      if (metadata != nullptr) throw NoteError("there are two of it: one file is one plugin");
      metadata = &note;
    }
    if (metadata == nullptr)
      refuse(RefusalCode::kNoNote, "is a shared library, but no Kith plugin", path,
             "wants the note that KITH_PLUGIN(...) writes",
             "end the plugin's source with KITH_PLUGIN(YourClass)");
    PluginMetadata out = read_metadata(metadata->descriptor);
    out.operators = std::move(operators);
    return out;
  } catch (const UnknownKey& e) {
    refuse(RefusalCode::kUnknownKey,
           "demands something that this host does not know (entry " + std::to_string(e.key()) +
               " of its note)",
           path, "reads notes of SDK " KITH_SDK_VERSION,
           "use a newer Kith, or build the plugin with SDK " KITH_SDK_VERSION);
  } catch (const UnknownForm&) {
    refuse(RefusalCode::kTier, "has a note in a newer form than this host reads", path,
           "reads notes of form KTN1", "use a newer Kith, or build the plugin with an older SDK");
  } catch (const NoteError& e) {
    refuse(RefusalCode::kDamagedNote, std::string("has a damaged note: ") + e.what(), path,
           "reads the note before anything else", "build or copy the plugin again");
  }
}

}  // namespace kith::host
