// SPDX-License-Identifier: Apache-2.0
#include "plugin/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "plugin/elf_layout.h"

namespace kith::host {
namespace {

constexpr std::size_t kMaxSegments = 256;
constexpr std::size_t kMaxDynamicEntries = 4096;
constexpr std::uint64_t kMaxSymbols = 1u << 18;
constexpr std::size_t kMaxVersions = 1u << 14;
constexpr std::uint64_t kMaxNotes = 1u << 16;
constexpr std::size_t kLongestName = 16384;  ///< bytes; many symbols may have one name
constexpr std::uint64_t kMaxKeptBytes = std::uint64_t{16} << 20;  ///< of notes and names

[[noreturn]] void damaged(const std::string& what) { throw ElfError(true, what); }
[[noreturn]] void foreign(const std::string& what) { throw ElfError(false, what); }

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "POWER";
    default:
      return "machine number " + std::to_string(machine);
  }
}

/// What a file is that is not ELF, by its first bytes.
std::string kind_of_file(std::span<const std::byte> bytes) {
  struct Kind {
    std::string_view begin;
    const char* name;
  };
  using namespace std::string_view_literals;
  static constexpr Kind kKinds[] = {
      {"\xcf\xfa\xed\xfe"sv, "a macOS (Mach-O) file"},
      {"\xca\xfe\xba\xbe"sv, "a macOS (Mach-O) file"},
      {"MZ"sv, "a Windows (PE) file"},
      {"!<arch>"sv, "an archive of object files (.a)"},
      {"PK\3\4"sv, "a zip archive"},
      {"\x1f\x8b"sv, "a gzip archive"},
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Kind& kind : kKinds)
    if (text.starts_with(kind.begin)) return kind.name + std::string(", not an ELF file");
  return "not an ELF file";
}

struct Version {
  std::string_view name;
  std::string_view library;
};

}  // namespace

/// Fills an ElfFile in; lives only while it does.
class ElfParser {
 public:
  ElfParser(const ByteReader& bytes, ElfFile& out) : bytes_(bytes), out_(out) {}

  void parse() {
    const auto header = parse_header();
    parse_segments(header);
    for (const Elf64_Phdr& segment : segments_)
      if (segment.p_type == PT_NOTE) parse_notes(segment);
    parse_dynamic();
  }

 private:
  /// The T at an offset of the file.
  template <class T>
  T read(std::uint64_t offset, const char* what) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset)
      damaged(std::string(what) + " lies at byte " + std::to_string(offset) +
              ", outside the file of " + std::to_string(bytes_.size()) + " bytes");
    T value;
    bytes_.read(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  void check_piece(std::uint64_t offset, std::uint64_t size, const char* what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      damaged(std::string(what) + " (" + std::to_string(size) + " bytes at byte " +
              std::to_string(offset) + ") does not fit in the file of " +
              std::to_string(bytes_.size()) + " bytes");
  }

  /// A piece of the file that the ElfFile keeps.
  std::span<const std::byte> piece(std::uint64_t offset, std::uint64_t size, const char* what) {
    check_piece(offset, size, what);
    kept_ += size;
    if (kept_ > kMaxKeptBytes) damaged("its notes and names have more than 16 MiB");
    auto& bytes = out_.pieces_.emplace_back(static_cast<std::size_t>(size));
    bytes_.read(offset, bytes);
    return bytes;
  }

  Elf64_Ehdr parse_header() const {
    std::array<std::byte, 8> begin{};
    const auto first = std::span(begin).first(std::min<std::size_t>(begin.size(), bytes_.size()));
    bytes_.read(0, first);
    if (first.size() < SELFMAG || std::memcmp(first.data(), ELFMAG, SELFMAG) != 0)
      foreign(kind_of_file(first));
    if (bytes_.size() < sizeof(Elf64_Ehdr)) damaged("the ELF header is cut off");
    const auto header = read<Elf64_Ehdr>(0, "the ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64) foreign("a 32-bit ELF file");
    if (header.e_ident[EI_DATA] != ELFDATA2LSB) foreign("a big-endian ELF file");
    if (header.e_machine != EM_X86_64) foreign("an ELF file for " + machine_name(header.e_machine));
    const unsigned system = header.e_ident[EI_OSABI];
    if (system != ELFOSABI_SYSV && system != ELFOSABI_GNU)
      foreign("an ELF file for operating system number " + std::to_string(system));
    if (header.e_type != ET_DYN)
      foreign("an ELF file, but no shared library (type " + std::to_string(header.e_type) + ")");
    if (header.e_version != EV_CURRENT) damaged("the ELF version is not 1");
    if (header.e_phentsize != sizeof(Elf64_Phdr)) damaged("program headers have a wrong size");
    if (header.e_phnum == 0 || header.e_phnum > kMaxSegments)
      damaged("it has " + std::to_string(header.e_phnum) + " program headers");
    // The table of sections is the last thing that linkers write, so it tells of a cut file.
    // Nothing in it is read.
    if (header.e_shoff != 0)
      check_piece(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize,
                  "the table of sections");
    return header;
  }

  void parse_segments(const Elf64_Ehdr& header) {
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      if (header.e_phoff > bytes_.size()) damaged("the program headers lie outside the file");
      const auto segment =
          read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr), "a program header");
      segments_.push_back(segment);
      const bool matters =
          segment.p_type == PT_LOAD || segment.p_type == PT_NOTE || segment.p_type == PT_DYNAMIC;
      if (!matters) continue;
      check_piece(segment.p_offset, segment.p_filesz, "a segment");
      if (segment.p_type == PT_LOAD && (segment.p_memsz < segment.p_filesz ||
                                        segment.p_vaddr + segment.p_memsz < segment.p_vaddr))
        damaged("a segment's size in memory cannot be");
    }
    layout_ = ElfLayout(segments_);
  }

  void parse_notes(const Elf64_Phdr& segment) {
    const std::uint64_t align = segment.p_align == 8 ? 8 : 4;
    const auto padded = [align](std::uint64_t n) { return (n + align - 1) / align * align; };
    std::uint64_t at = 0;
    while (segment.p_filesz - at >= sizeof(Elf64_Nhdr)) {
      const auto header = read<Elf64_Nhdr>(segment.p_offset + at, "a note");
      const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
      const std::uint64_t descriptor_at = padded(name_at + header.n_namesz);
      const std::uint64_t end = descriptor_at + header.n_descsz;
      if (end > segment.p_filesz) damaged("a note is longer than its segment");
      if (out_.notes_.size() == kMaxNotes) damaged("it has too many notes");
      const auto note = piece(segment.p_offset + name_at, end - name_at, "a note");
      std::string_view owner(reinterpret_cast<const char*>(note.data()), header.n_namesz);
      if (!owner.empty() && owner.back() == '\0') owner.remove_suffix(1);
      out_.notes_.push_back({owner, header.n_type, note.subspan(descriptor_at - name_at)});
      at = std::min(padded(end), static_cast<std::uint64_t>(segment.p_filesz));
    }
  }

  [[noreturn, gnu::noinline]] void unfilled(std::string_view what) const {
    damaged(std::string(what) + " lies at an address that the file does not fill");
  }

  /// Where an address of the loaded library lies in the file, with at least `size` bytes after it.
  std::uint64_t offset_of(std::uint64_t address, std::uint64_t size, const char* what) const {
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type != PT_LOAD || address < s.p_vaddr || address - s.p_vaddr > s.p_filesz) continue;
      const std::uint64_t inside = address - s.p_vaddr;
      if (size <= s.p_filesz - inside) return s.p_offset + inside;
    }
    unfilled(what);
  }

  void parse_dynamic() {
    const auto dynamic = std::find_if(segments_.begin(), segments_.end(),
                                      [](const Elf64_Phdr& s) { return s.p_type == PT_DYNAMIC; });
    if (dynamic == segments_.end()) damaged("it has no dynamic section");
    std::vector<std::uint64_t> needed, run_paths;
    const std::size_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
    if (count > kMaxDynamicEntries) damaged("its dynamic section is too long");
    for (std::size_t i = 0; i < count; ++i) {
      const auto entry =
          read<Elf64_Dyn>(dynamic->p_offset + i * sizeof(Elf64_Dyn), "the dynamic section");
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED)
        needed.push_back(entry.d_un.d_val);
      else if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH)
        run_paths.push_back(entry.d_un.d_val);
      else
        tags_[entry.d_tag] = entry.d_un.d_val;
    }
    const std::uint64_t strings_size = tag(DT_STRSZ);
    strings_ = piece(offset_of(tag(DT_STRTAB), strings_size, "the string table"), strings_size,
                     "the string table");
    for (std::uint64_t at : needed) out_.needed_.push_back(text(at));
    for (std::uint64_t at : run_paths) out_.run_paths_.push_back(text(at));
    if (tags_.count(DT_SONAME) != 0) out_.own_name_ = text(tag(DT_SONAME));
    check_calls();
    check_packed_relocations();
    parse_symbols();
  }

  /// What the dynamic linker calls, and where it leaves its own address to be called.
  void check_calls() const {
    for (const std::int64_t call : {DT_INIT, DT_FINI})
      if (tags_.count(call) != 0) layout_.require_code(tag(call), "its first or last call");
    constexpr std::pair<std::int64_t, std::int64_t> kLists[] = {{DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
                                                                {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
    for (const auto& [where, size] : kLists)
      if (tags_.count(where) != 0)
        layout_.require_writable(tag(where), tag(size), "a list of what is called");
    if (tags_.count(DT_PLTGOT) != 0 && tags_.count(DT_JMPREL) != 0)
      layout_.require_writable(tag(DT_PLTGOT), 3 * sizeof(Elf64_Addr), "the table of calls");
  }

  void check_packed_relocations() {
    constexpr std::int64_t kTable = 36, kTableSize = 35;  // DT_RELR, DT_RELRSZ
    if (tags_.count(kTable) == 0 || tags_.count(kTableSize) == 0) return;
    const std::uint64_t size = tag(kTableSize) / sizeof(Elf64_Addr) * sizeof(Elf64_Addr);
    const auto words = piece(offset_of(tag(kTable), size, "a relocation"), size, "a relocation");
    layout_.check_packed(
        {reinterpret_cast<const Elf64_Addr*>(words.data()), size / sizeof(Elf64_Addr)});
  }

  std::uint64_t tag(std::int64_t which) const {
    const auto found = tags_.find(which);
    if (found == tags_.end()) damaged("its dynamic section lacks entry " + std::to_string(which));
    return found->second;
  }

  std::string_view text(std::uint64_t at) const {
    if (at >= strings_.size()) damaged("a name lies outside the string table");
    const char* start = reinterpret_cast<const char*>(strings_.data()) + at;
    const void* end = std::memchr(start, 0, std::min(strings_.size() - at, kLongestName + 1));
    if (end == nullptr) damaged("a name has more than 16384 bytes or runs out of the string table");
    return {start, static_cast<std::size_t>(static_cast<const char*>(end) - start)};
  }

  /// Symbols that the hash tables reach and those that relocations name.
  std::uint64_t count_symbols() const {
    std::uint64_t count = 0;
    if (tags_.count(DT_HASH) != 0)
      count = read<std::uint32_t>(offset_of(tag(DT_HASH), 8, "the hash table") + 4, "");
    if (tags_.count(DT_GNU_HASH) != 0) count = std::max(count, count_gnu_hash());
    count = std::max(count, count_relocations(DT_RELA, DT_RELASZ));
    count = std::max(count, count_relocations(DT_JMPREL, DT_PLTRELSZ));
    if (count > kMaxSymbols) damaged("it says that it has " + std::to_string(count) + " symbols");
    return count;
  }

  std::uint64_t count_gnu_hash() const {
    const std::uint64_t table = tag(DT_GNU_HASH);
    const std::uint64_t at = offset_of(table, 16, "the symbol hash table");
    const std::uint64_t n_buckets = read<std::uint32_t>(at, "the symbol hash table");
    const std::uint64_t first = read<std::uint32_t>(at + 4, "the symbol hash table");
    const std::uint64_t bloom_words = read<std::uint32_t>(at + 8, "the symbol hash table");
    const std::uint64_t buckets =
        offset_of(table, 16 + bloom_words * 8 + n_buckets * 4, "the symbol hash table") + 16 +
        bloom_words * 8;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < n_buckets; ++i)
      last = std::max<std::uint64_t>(last,
                                     read<std::uint32_t>(buckets + 4 * i, "the symbol hash table"));
    if (last < first) return first;
    const std::uint64_t chains = buckets + 4 * n_buckets;
    while (last - first < kMaxSymbols &&
           (read<std::uint32_t>(chains + 4 * (last - first), "a chain of symbols") & 1) == 0)
      ++last;
    return last + 1;
  }

  std::uint64_t count_relocations(std::int64_t where, std::int64_t size_tag) const {
    if (tags_.count(where) == 0 || tags_.count(size_tag) == 0) return 0;
    const std::uint64_t size = tag(size_tag);
    const std::uint64_t at = offset_of(tag(where), size, "the relocations");
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i + sizeof(Elf64_Rela) <= size; i += sizeof(Elf64_Rela)) {
      const auto relocation = read<Elf64_Rela>(at + i, "the relocations");
      layout_.check(relocation);
      count = std::max<std::uint64_t>(count, ELF64_R_SYM(relocation.r_info) + 1);
    }
    return count;
  }

  void parse_symbols() {
    const std::uint64_t count = count_symbols();
    const std::uint64_t table =
        offset_of(tag(DT_SYMTAB), count * sizeof(Elf64_Sym), "the symbol table");
    const std::map<unsigned, Version> versions = parse_versions();
    const bool versioned = tags_.count(DT_VERSYM) != 0;
    const unsigned largest =
        std::max({1U, largest_own_version(), versions.empty() ? 0U : versions.rbegin()->first});
    const std::uint64_t version_table =
        versioned ? offset_of(tag(DT_VERSYM), count * 2, "the table of symbol versions") : 0;
    out_.symbols_.reserve(count);
    for (std::uint64_t i = 1; i < count; ++i) {
      const auto raw = read<Elf64_Sym>(table + i * sizeof(Elf64_Sym), "the symbol table");
      const unsigned bind = ELF64_ST_BIND(raw.st_info);
      const unsigned visibility = ELF64_ST_VISIBILITY(raw.st_other);
      if (bind == STB_LOCAL) continue;
      layout_.check(raw);
      ElfSymbol symbol;
      symbol.name = text(raw.st_name);
      symbol.defined = raw.st_shndx != SHN_UNDEF;
      symbol.weak = bind == STB_WEAK;
      symbol.unique = bind == STB_GNU_UNIQUE;
      symbol.exported =
          symbol.defined && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
      const unsigned type = ELF64_ST_TYPE(raw.st_info);
      symbol.function = type == STT_FUNC || type == STT_GNU_IFUNC;
      if (versioned) {
        const unsigned index =
            read<std::uint16_t>(version_table + 2 * i, "a symbol's version") & 0x7fff;
        // The linker looks it up in a table as long as the largest, unchecked.
        if (index > largest)
          damaged("a symbol has version number " + std::to_string(index) + ", the largest is " +
                  std::to_string(largest));
        if (const auto found = versions.find(index); !symbol.defined && found != versions.end()) {
          symbol.version = found->second.name;
          symbol.library = found->second.library;
        }
      }
      out_.symbols_.push_back(symbol);
    }
  }

  /// Of the versions that it defines; 0: none.
  unsigned largest_own_version() const {
    if (tags_.count(DT_VERDEF) == 0) return 0;
    unsigned largest = 0;
    std::uint64_t address = tag(DT_VERDEF);
    for (std::size_t entries = 0;; ++entries) {
      if (entries == kMaxVersions) damaged("it defines too many versions");
      const auto own = read<Elf64_Verdef>(
          offset_of(address, sizeof(Elf64_Verdef), "an own version"), "an own version");
      largest = std::max<unsigned>(largest, own.vd_ndx & 0x7fffU);
      if (own.vd_next == 0) return largest;
      address += own.vd_next;
    }
  }

  /// The versions that the library needs of others, by the number that its symbols name them with.
  std::map<unsigned, Version> parse_versions() const {
    std::map<unsigned, Version> versions;
    if (tags_.count(DT_VERNEED) == 0) return versions;
    std::uint64_t address = tag(DT_VERNEED);
    const std::uint64_t libraries = std::min<std::uint64_t>(tag(DT_VERNEEDNUM), 1024);
    std::size_t entries = 0;
    for (std::uint64_t i = 0; i < libraries; ++i) {
      const auto need = read<Elf64_Verneed>(
          offset_of(address, sizeof(Elf64_Verneed), "a needed version"), "a needed version");
      std::uint64_t entry = address + need.vn_aux;
      for (unsigned j = 0; j < need.vn_cnt; ++j) {
        const auto aux = read<Elf64_Vernaux>(
            offset_of(entry, sizeof(Elf64_Vernaux), "a needed version"), "a needed version");
        if (++entries > kMaxVersions) damaged("it needs too many versions");
        versions[aux.vna_other & 0x7fff] = {text(aux.vna_name), text(need.vn_file)};
        if (aux.vna_next == 0) break;
        entry += aux.vna_next;
      }
      if (need.vn_next == 0) break;
      address += need.vn_next;
    }
    return versions;
  }

  const ByteReader& bytes_;
  ElfFile& out_;
  std::uint64_t kept_ = 0;
  std::vector<Elf64_Phdr> segments_;
  ElfLayout layout_;
  std::map<std::int64_t, std::uint64_t> tags_;
  std::span<const std::byte> strings_;
};

ElfFile::ElfFile(const ByteReader& bytes) { ElfParser(bytes, *this).parse(); }

}  // namespace kith::host
