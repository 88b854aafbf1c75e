// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "plugin/checks.h"
#include "plugin/note_reader.h"
#include "plugin/open_plugin.h"
#include "plugin/trial.h"
#include "plugin/trial_report.h"

namespace kith::host {
namespace {

/// The address space may grow by so much from now on. A fixed limit would not do: LibTorch maps
/// much more than it uses.
void limit_memory() {
  std::ifstream sizes("/proc/self/statm");
  std::uint64_t pages = 0;
  if (!(sizes >> pages)) return;
  const std::uint64_t now = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const rlim_t most = now + (kTrialMegabytes << 20);
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0) return;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most) return;
  limit.rlim_cur = most;
  ::setrlimit(RLIMIT_AS, &limit);
}

void report(const TrialRecord& record) {
  const std::string bytes = write_record(record);
  static const int fd = ::fcntl(kTrialReportDescriptor, F_GETFD) >= 0 ? kTrialReportDescriptor : 1;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) return;
    done += static_cast<std::size_t>(wrote);
  }
}

bool try_file(const std::string& path, const kith_host* host) {
  std::string sha256;
  try {
    const PluginFile file = read_plugin_file(path);
    sha256 = file.sha256;
    open_plugin(file, read_note(parse_elf(file), file.path), host);
    report({"passed", path, sha256});
    return true;
  } catch (const PluginRefused& e) {
    const Refusal& why = e.refusal();
    report({"refused", path, sha256, std::to_string(static_cast<int>(why.code)), why.what,
            why.plugin, why.host, why.todo});
    return false;
  }
}

}  // namespace

int run_trial(std::span<const std::string> files, const kith_host* host) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  limit_memory();
  bool all = true;
  for (const std::string& file : files) all = try_file(file, host) && all;
  return all ? 0 : 1;
}

}  // namespace kith::host
