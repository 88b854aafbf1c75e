// SPDX-License-Identifier: Apache-2.0
#include "plugin/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "digest/sha256.h"

namespace kith::host {
namespace {

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

/// Reads the build id of the first object that the linker lists: the program itself.
int read_program(dl_phdr_info* info, std::size_t, void* out) {
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the linker gives addresses as numbers.
    const auto* bytes = reinterpret_cast<const unsigned char*>(info->dlpi_addr + segment.p_vaddr);
    const std::size_t align = segment.p_align == 8 ? 8 : 4;
    std::size_t at = 0;
    while (at + sizeof(ElfW(Nhdr)) <= segment.p_memsz) {
      ElfW(Nhdr) note;
      std::memcpy(&note, bytes + at, sizeof note);
      const std::size_t name = at + sizeof note;
      const std::size_t descriptor = (name + note.n_namesz + align - 1) / align * align;
      if (descriptor + note.n_descsz > segment.p_memsz) break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(bytes + name, "GNU", 4) == 0) {
        *static_cast<std::string*>(out) = hex({bytes + descriptor, note.n_descsz});
        return 1;
      }
      at = (descriptor + note.n_descsz + align - 1) / align * align;
    }
  }
  return 1;  // only the first object
}

std::string find_build_id() {
  std::string id;
  ::dl_iterate_phdr(read_program, &id);
  if (!id.empty()) return id;
  std::ifstream program("/proc/self/exe", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(program), {}};
  return sha256_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace

const std::string& host_build_id() {
  static const std::string id = find_build_id();
  return id;
}

}  // namespace kith::host
