// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "plugin/checks.h"
#include "plugin/child_process.h"
#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"
#include "plugin/trial.h"
#include "plugin/trial_report.h"

namespace kith::host {
namespace {

bool try_file(const std::string& path, const kith_host* host) {
  std::string sha256;
  try {
    const PluginFile file = read_plugin_file(path);
    sha256 = file.sha256;
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
