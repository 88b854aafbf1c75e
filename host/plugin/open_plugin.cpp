// SPDX-License-Identifier: Apache-2.0
#include "plugin/open_plugin.h"

#include <fcntl.h>
#include <kith/abi/augmentation.h>
#include <kith/abi/encoder.h>
#include <kith/abi/evaluation.h>
#include <kith/abi/loss.h>
#include <kith/abi/method.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "plugin/refusal.h"

namespace kith::host {
namespace {

constexpr std::uint32_t kLargestTable = 1 << 16;

/// What every table begins with.
struct TableHead {
  std::uint32_t struct_size;
  std::uint32_t version;
};

/// Libraries that are open, for as long as the process lives: allocated and never deleted, because
/// the order in which static objects end is not ours.
struct OpenLibraries {
  std::mutex mutex;
  std::list<boost::dll::shared_library> libraries;
  std::map<std::string, const void*> table_of;  // by SHA-256
};

OpenLibraries& open_libraries() {
  static OpenLibraries* const all = new OpenLibraries;
  return *all;
}

std::string titled(const PluginMetadata& m) { return "'" + m.id + "' " + m.version; }

/// Bytes that a table must at least have: up to the last slot of the interface's first revision.
std::uint32_t smallest_table(const std::string& interface_id) {
#define KITH_UP_TO(table, member) \
  static_cast<std::uint32_t>(offsetof(table, member) + sizeof(table::member))
  if (interface_id == KITH_LOSS_INTERFACE) return KITH_UP_TO(kith_loss_api, forward);
  if (interface_id == KITH_ENCODER_INTERFACE) return KITH_UP_TO(kith_encoder_api, forward);
  if (interface_id == KITH_AUGMENTATION_INTERFACE) return KITH_UP_TO(kith_augmentation_api, image);
  if (interface_id == KITH_EVALUATION_INTERFACE) return KITH_UP_TO(kith_evaluation_api, evaluate);
  if (interface_id == KITH_METHOD_INTERFACE) return KITH_UP_TO(kith_method_api, after_optimizer);
#undef KITH_UP_TO
  return sizeof(TableHead);
}

/// Writes all of the bytes, or says that it can't.
bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

/// A path under which the dynamic linker finds exactly these bytes. The descriptor stays open: the
/// linker knows a library by its path, and the number must not be given to another.
std::string sealed_copy(const PluginFile& file) {
  const std::string name = "kith:" + file.path.filename().string().substr(0, 200);
  Descriptor copy(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (copy.get() < 0) return {};
  bool whole = true;
  file.for_each_block(
      [&](std::span<const std::byte> bytes) { whole = whole && write_all(copy.get(), bytes); });
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (!whole || ::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0) return {};
  return "/proc/self/fd/" + std::to_string(copy.release());
}

std::string path_to_open(const PluginFile& file) {
  const char* in_place = std::getenv("KITH_PLUGIN_IN_PLACE");
  if (in_place == nullptr || std::string_view(in_place) != "1") {
    std::string path = sealed_copy(file);
    if (!path.empty()) return path;
  }
  // No anonymous file (a hardened system), or none wanted: the path, hashed again right before.
  if (read_plugin_file(file.path).sha256 != file.sha256) refuse_changed(file, file.sha256);
  // With a slash in it, so that the linker searches nowhere.
  return std::filesystem::absolute(file.path).string();
}

boost::dll::shared_library open_library(const PluginFile& file, const PluginMetadata& m) {
  const std::string path = path_to_open(file);
  boost::dll::shared_library library;
  boost::dll::fs::error_code error;
  // Exactly this file (no decorations), everything resolved at once, its symbols seen by nobody
  // else.
  library.load(boost::dll::fs::path(path), error,
               boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (!error) return library;
  const char* why = ::dlerror();
  std::string has = file.path.string();
  if (why != nullptr) has += "; the dynamic linker says: " + std::string(why);
  throw PluginRefused(
      {RefusalCode::kOpenFailed, titled(m) + " could not be opened", has,
       "opens with all symbols resolved",
       "build the plugin again on this system, with the line that the SDK documents"});
}

[[noreturn]] void refuse_handshake(const PluginFile& file, const PluginMetadata& m,
                                   const std::string& what) {
  throw PluginRefused({RefusalCode::kHandshake, titled(m) + " " + what,
                       file.path.string() + ", SDK " + m.sdk_version,
                       "SDK " KITH_SDK_VERSION ", interface " + m.interface_id,
                       "build the plugin again with the SDK's KITH_PLUGIN(...)"});
}

const void* shake_hands(const boost::dll::shared_library& library, const PluginFile& file,
                        const PluginMetadata& m, const kith_host* host) {
  if (!library.has(KITH_PLUGIN_ENTRY)) refuse_handshake(file, m, "has no entry " KITH_PLUGIN_ENTRY);
  const auto entry =
      library.get<kith_status(const kith_host*, const kith_plugin**)>(KITH_PLUGIN_ENTRY);
  const kith_plugin* plugin = nullptr;
  kith_status status = KITH_ERROR;
  try {
    status = entry(host, &plugin);
  } catch (...) {
    refuse_handshake(file, m, "threw an exception out of its entry");
  }
  if (status != KITH_OK || plugin == nullptr)
    refuse_handshake(file, m, "failed in its entry (status " + std::to_string(status) + ")");
  constexpr std::uint32_t kSmallest = offsetof(kith_plugin, get) + sizeof(kith_plugin::get);
  if (plugin->struct_size < kSmallest || plugin->struct_size > kLargestTable)
    refuse_handshake(file, m,
                     "gave a plugin table of " + std::to_string(plugin->struct_size) +
                         " bytes, wanted " + std::to_string(kSmallest) + " to " +
                         std::to_string(kLargestTable));
  if (plugin->version != 1)
    refuse_handshake(
        file, m,
        "gave a plugin table of version " + std::to_string(plugin->version) + ", wanted 1");
  if (plugin->get == nullptr)
    refuse_handshake(file, m, "gave a plugin table without the function that gives interfaces");
  const void* table = plugin->get(m.interface_id.c_str());
  if (table == nullptr)
    refuse_handshake(file, m, "does not give the interface that its note names");
  TableHead head;
  std::memcpy(&head, table, sizeof head);
  const auto smallest = smallest_table(m.interface_id);
  if (head.struct_size < smallest || head.struct_size > kLargestTable || head.struct_size % 4 != 0)
    refuse_handshake(file, m,
                     "gave an interface table of " + std::to_string(head.struct_size) +
                         " bytes, wanted a multiple of 4 from " + std::to_string(smallest) +
                         " to " + std::to_string(kLargestTable));
  if (head.version == 0) refuse_handshake(file, m, "gave an interface table without a version");
  return table;
}

}  // namespace

const void* open_plugin(const PluginFile& file, const PluginMetadata& metadata,
                        const kith_host* host) {
  OpenLibraries& all = open_libraries();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (const auto found = all.table_of.find(file.sha256); found != all.table_of.end())
    return found->second;
  // Kept before the entry is called: what its static initialisers registered must stay, whatever
  // the entry does.
  all.libraries.push_back(open_library(file, metadata));
  const void* table = shake_hands(all.libraries.back(), file, metadata, host);
  all.table_of.emplace(file.sha256, table);
  return table;
}

}  // namespace kith::host
