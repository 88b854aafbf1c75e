// SPDX-License-Identifier: Apache-2.0
#include "tiny_elf.h"

#include <elf.h>

#include <cstring>

namespace kith::host {
namespace {

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void pad(std::string& out) {
  while (out.size() % 8 != 0) out += '\0';
}

std::string note_segment(const std::vector<TinyElf::Note>& notes) {
  std::string out;
  for (const auto& note : notes) {
    append(out, static_cast<std::uint32_t>(note.owner.size() + 1));
    append(out, static_cast<std::uint32_t>(note.descriptor.size()));
    append(out, note.type);
    out += note.owner + '\0';
    while (out.size() % 4 != 0) out += '\0';
    out += note.descriptor;
    while (out.size() % 4 != 0) out += '\0';
  }
  return out;
}

Elf64_Dyn dynamic(std::int64_t tag, std::uint64_t value) {
  Elf64_Dyn entry{};
  entry.d_tag = tag;
  entry.d_un.d_val = value;
  return entry;
}

}  // namespace

std::vector<char> TinyElf::bytes() const {
  constexpr std::size_t kSegments = 3;
  std::string body(sizeof(Elf64_Ehdr) + kSegments * sizeof(Elf64_Phdr), '\0');
  const std::size_t notes_at = body.size();
  body += note_segment(notes);
  const std::size_t notes_size = body.size() - notes_at;
  pad(body);
  const std::size_t strings_at = body.size();
  constexpr std::uint32_t kNameAt = 11;
  body += std::string("\0libc.so.6\0", kNameAt) + symbol_name + '\0';
  const std::size_t strings_size = body.size() - strings_at;
  pad(body);
  const std::size_t symbols_at = body.size();
  body.append(sizeof(Elf64_Sym), '\0');
  Elf64_Sym symbol{};
  if (!symbol_name.empty()) {
    symbol.st_name = kNameAt;
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
    symbol.st_shndx = 1;
    symbol.st_value = strings_at;
  }
  for (std::uint32_t i = 1; i < symbols; ++i) append(body, symbol);
  const std::size_t hash_at = body.size();
  append(body, std::uint32_t{0});
  append(body, symbols);
  const std::size_t dynamic_at = body.size();
  for (const auto& entry :
       {dynamic(DT_NEEDED, 1), dynamic(DT_STRTAB, strings_at), dynamic(DT_STRSZ, strings_size),
        dynamic(DT_SYMTAB, symbols_at), dynamic(DT_HASH, hash_at), dynamic(DT_NULL, 0)})
    append(body, entry);

  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = kSegments;
  std::memcpy(body.data(), &header, sizeof header);
  const auto segment = [&](std::size_t i, std::uint32_t type, std::size_t at, std::size_t size) {
    Elf64_Phdr s{};
    s.p_type = type;
    s.p_flags = PF_R | PF_W;
    s.p_offset = s.p_vaddr = s.p_paddr = at;
    s.p_filesz = s.p_memsz = size;
    s.p_align = 4;
    std::memcpy(body.data() + sizeof header + i * sizeof s, &s, sizeof s);
  };
  segment(0, PT_LOAD, 0, body.size());
  segment(1, PT_NOTE, notes_at, notes_size);
  segment(2, PT_DYNAMIC, dynamic_at, body.size() - dynamic_at);
  return {body.begin(), body.end()};
}

std::string metadata_note(const std::function<void(kith::detail::NoteWriter&)>& write) {
  kith::detail::NoteWriter count;
  write(count);
  std::string out(8 + count.size(), '\0');
  std::memcpy(out.data(), "KTN1", 4);
  const auto total = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data() + 4, &total, 4);
  kith::detail::NoteWriter writer(reinterpret_cast<unsigned char*>(out.data()) + 8);
  write(writer);
  return out;
}

void write_required(kith::detail::NoteWriter& w, const std::string& id) {
  using namespace kith::detail;
  w.text(kNoteTier, "portable/1", kCritical);
  w.text(kNoteSdkVersion, KITH_SDK_VERSION, kCritical);
  w.text(kNoteId, id, kCritical);
  w.text(kNoteVersion, "0.1.0", kCritical);
  w.text(kNoteInterface, "kith.loss/1", kCritical);
}

std::string operator_note(const std::string& name, std::uint32_t flags) {
  std::string out = name;
  out.resize(64, '\0');
  append(out, flags);
  return out;
}

std::string growing_name(int levels) {
  std::string name = "_Z1f1X1PIS_S_E";
  const auto reference = [](int i) {  // base 36, letters from A
    std::string digits;
    for (int n = i - 1; i > 0; n = n / 36 - 1) {
      digits.insert(digits.begin(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36]);
      if (n < 36) break;
    }
    return "S" + digits + "_";
  };
  for (int i = 0; i < levels; ++i) name += "S0_I" + reference(i + 2) + reference(i + 2) + "E";
  return name;
}

}  // namespace kith::host
