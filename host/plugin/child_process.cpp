// SPDX-License-Identifier: Apache-2.0
#include "plugin/child_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <kith/error.hpp>
#include <thread>

#include "plugin/trial_report.h"
#include "process/start_program.h"

namespace kith::host {
namespace {

constexpr std::size_t kMaxOutput = 64 << 10;
constexpr std::size_t kMaxReport = 1 << 20;

/// An anonymous file that the child writes into: unlike a pipe it never fills up, and outlives the
/// child.
class Scratch {
 public:
  explicit Scratch(const char* name) {
    // Moved up, out of the way of the descriptors that the child gets.
    const int low = ::memfd_create(name, MFD_CLOEXEC);
    fd_ = low < 0 ? -1 : ::fcntl(low, F_DUPFD_CLOEXEC, 10);
    if (low >= 0) ::close(low);
    if (fd_ < 0)
      throw kith::Error(std::string("loader: no anonymous file: ") + std::strerror(errno));
  }
  ~Scratch() { ::close(fd_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  int fd() const { return fd_; }

  /// The last bytes, at most so many.
  std::string tail(std::size_t most) const {
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    if (size <= 0) return {};
    const std::size_t count = std::min(static_cast<std::size_t>(size), most);
    std::string out(count, '\0');
    const ssize_t got = ::pread(fd_, out.data(), count, size - static_cast<off_t>(count));
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }

 private:
  int fd_ = -1;
};

}  // namespace

ChildResult run_child_process(const std::vector<std::string>& command,
                              std::chrono::milliseconds time_limit) {
  const Scratch output("kith trial output");
  const Scratch report("kith trial report");
  Spawn spawn;
  spawn.give(STDOUT_FILENO, output.fd());
  spawn.give(STDERR_FILENO, output.fd());
  spawn.give(kTrialReportDescriptor, report.fd());
  const pid_t pid =
      spawn.start(command, {}, "loader: cannot start " + command[0] + " to try plugins");
  const auto end = std::chrono::steady_clock::now() + time_limit;
  ChildResult result;
  // The child stays a zombie until its whole group is ended: so long its number means nobody else.
  while (true) {
    siginfo_t info{};
    const int done = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    if (done == 0 && info.si_pid == pid) break;
    if (done < 0 && errno != EINTR)
      throw kith::Error(std::string("loader: lost the process that tries plugins: ") +
                        std::strerror(errno));
    if (std::chrono::steady_clock::now() >= end) {
      result.timed_out = true;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ::kill(-pid, SIGKILL);  // with whatever it started and left behind
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.output = output.tail(kMaxOutput);
  result.report = report.tail(kMaxReport);
  return result;
}

std::string last_words(const std::string& output) {
  constexpr std::size_t kShown = 300;
  std::string out;
  for (char c : output.substr(output.size() > kShown ? output.size() - kShown : 0)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    if (blank)
      out += ' ';
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string how_it_ended(const ChildResult& child, std::chrono::milliseconds time_limit) {
  if (child.timed_out)
    return "did not return within " +
           std::to_string(std::chrono::duration<double>(time_limit).count()).substr(0, 4) + " s";
  if (child.signal != 0) return ended_by(child.signal);
  return "ended the process with exit code " + std::to_string(child.exit_code);
}

void restrict_this_child(std::uint64_t megabytes) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::ifstream sizes("/proc/self/statm");
  std::uint64_t pages = 0;
  if (!(sizes >> pages)) return;
  const std::uint64_t now = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const rlim_t most = now + (megabytes << 20);
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0) return;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most) return;
  limit.rlim_cur = most;
  ::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace kith::host
