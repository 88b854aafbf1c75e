// SPDX-License-Identifier: Apache-2.0
#include "plugin/checks.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "plugin/nearest_name.h"
#include "plugin/refusal.h"

namespace kith::host {
namespace {

std::string titled(const PluginMetadata& m) { return "'" + m.id + "' " + m.version; }

/// "0.1" of "0.1.7" as two numbers.
std::optional<std::pair<int, int>> major_minor(const std::string& version) {
  int major = 0, minor = 0;
  const char* end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc()) return std::nullopt;
  return std::pair(major, minor);
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

void check_tier(const PluginMetadata& m, const PluginFile& file) {
  if (m.tier == KITH_ABI) return;
  const bool native = m.tier.rfind("native/", 0) == 0;
  throw PluginRefused({RefusalCode::kTier,
                       titled(m) + " is of tier " + m.tier + ", which this host does not load",
                       file.path.string() + ", tier " + m.tier + ", SDK " + m.sdk_version,
                       std::string("tier ") + KITH_ABI + ", SDK " KITH_SDK_VERSION,
                       native ? "ask for a portable build"
                              : "use a newer Kith, or build the plugin with this SDK"});
}

void check_sdk(const PluginMetadata& m, const PluginFile& file) {
  if (sdk_fits(m.sdk_version, KITH_SDK_VERSION)) return;
  throw PluginRefused(
      {RefusalCode::kSdkVersion,
       titled(m) + " was built for SDK " + m.sdk_version + "; this host has SDK " KITH_SDK_VERSION,
       file.path.string() + ", SDK " + m.sdk_version + ", " + m.compiler, "SDK " KITH_SDK_VERSION,
       "rebuild the plugin with this host's SDK, or use the Kith that it was built for"});
}

void check_services(const PluginMetadata& m, const PluginFile& file, const HostAbilities& host) {
  if (std::find(host.interfaces.begin(), host.interfaces.end(), m.interface_id) ==
      host.interfaces.end())
    throw PluginRefused(
        {RefusalCode::kService,
         titled(m) + " offers interface " + m.interface_id + ", which this host does not use",
         file.path.string() + ", interface " + m.interface_id, "uses " + joined(host.interfaces),
         "use a newer Kith"});
  std::vector<std::string> missing;
  for (const std::string& service : m.required_services)
    if (!host.has_service || !host.has_service(service)) missing.push_back(service);
  if (missing.empty()) return;
  throw PluginRefused({RefusalCode::kService,
                       titled(m) + " needs services that this host lacks: " + joined(missing),
                       file.path.string() + ", requires " + joined(m.required_services),
                       "SDK " KITH_SDK_VERSION " without " + joined(missing), "use a newer Kith"});
}

void check_operators(const PluginMetadata& m, const PluginFile& file, const HostAbilities& host) {
  std::vector<std::string> missing;
  for (const OperatorUse& use : m.operators)
    if (use.required && (!host.has_operator || !host.has_operator(use.name)))
      missing.push_back(use.name);
  if (missing.empty()) return;
  std::string todo = "use a LibTorch that has " + std::string(missing.size() == 1 ? "it" : "them") +
                     ", or ask the plugin's author for another build";
  if (missing.size() == 1 && host.operator_names)
    todo += did_you_mean(missing[0], host.operator_names());
  throw PluginRefused(
      {RefusalCode::kOperator,
       titled(m) + " calls operators that this host's LibTorch lacks: " + joined(missing),
       file.path.string() + ", calls " + std::to_string(m.operators.size()) + " operators",
       "LibTorch " + host.libtorch_version, todo});
}

}  // namespace

bool sdk_fits(const std::string& plugin_sdk, const std::string& host_sdk) {
  const auto plugin = major_minor(plugin_sdk);
  const auto host = major_minor(host_sdk);
  if (!plugin || !host || plugin->first != host->first) return false;
  return host->first == 0 ? plugin->second == host->second : plugin->second <= host->second;
}

ElfFile parse_elf(const ByteReader& bytes, const std::filesystem::path& path) {
  try {
    return ElfFile(bytes);
  } catch (const ElfError& e) {
    const std::string name = "'" + path.filename().string() + "'";
    const std::string has = path.string() + ", " + std::to_string(bytes.size()) + " bytes";
    if (e.damaged())
      throw PluginRefused({RefusalCode::kDamagedElf, name + " is truncated or damaged: " + e.what(),
                           has, "reads ELF shared libraries for x86-64 Linux",
                           "build or copy the plugin again"});
    throw PluginRefused(
        {RefusalCode::kNotThisMachine, name + " is no plugin for this machine: " + e.what(), has,
         "reads ELF shared libraries for x86-64 Linux", "build the plugin for this machine"});
  }
}

void check_note(const PluginMetadata& metadata, const PluginFile& file, const HostAbilities& host) {
  check_tier(metadata, file);
  check_sdk(metadata, file);
  check_services(metadata, file, host);
  check_operators(metadata, file, host);
}

}  // namespace kith::host
