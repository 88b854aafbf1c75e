// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "plugin/checks.h"
#include "plugin/child_process.h"
#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"
#include "plugin/trial.h"
#include "plugin/trial_report.h"

namespace kith::host {
namespace {

/// @param wanted  what the parent checked: "SHA256:PATH". Other bytes are not opened.
bool try_file(const std::string& wanted, const kith_host* host) {
  const std::string sha256 = wanted.substr(0, wanted.find(':')),
                    path = wanted.substr(std::min(wanted.size(), sha256.size() + 1));
  try {
    const PluginFile file = read_plugin_file(path);
    if (file.sha256 != sha256) refuse_changed(file, sha256);
    open_plugin(file, read_note(parse_elf(file), file.path), host);
    report_to_parent({"passed", path, sha256});
    return true;
  } catch (const PluginRefused& e) {
    const Refusal& why = e.refusal();
    report_to_parent({"refused", path, sha256, std::to_string(static_cast<int>(why.code)), why.what,
                      why.plugin, why.host, why.todo});
    return false;
  }
}

}  // namespace

int run_trial(std::span<const std::string> files, const kith_host* host) {
  restrict_this_child(kTrialMegabytes);
  bool all = true;
  for (const std::string& file : files) all = try_file(file, host) && all;
  return all ? 0 : 1;
}

}  // namespace kith::host
