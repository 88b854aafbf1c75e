// SPDX-License-Identifier: Apache-2.0
#include "python.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "store_files.h"

namespace kith::host {

CommandResult run_command(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  CommandResult result;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    result.output.append(block.data(), got);
  }
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string find_python(const std::string& modules) {
  std::vector<std::string> candidates;
  if (const char* named = std::getenv("KITH_PYTHON")) candidates.emplace_back(named);
  candidates.emplace_back(KITH_SOURCE_DIR "/.venv/bin/python3");
  candidates.emplace_back("python3");
  for (const std::string& python : candidates) {
    if (run_command("'" + python + "' -c 'import " + modules + "'").status == 0) return python;
  }
  return "";
}

CommandResult run_python(const std::string& python, const std::string& program,
                         const std::string& argument) {
  const TempFolder folder;
  const auto script = folder / "program.py";
  write_bytes(script, program);
  return run_command("'" + python + "' '" + script.string() + "' '" + argument + "'");
}

}  // namespace kith::host
