// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kith::host {

/// Status and output (stdout and stderr) of a shell command.
struct CommandResult {
  int status = 0;
  std::string output;
};
CommandResult run_command(const std::string& command);

/// A Python that can import `modules` ("h5py, numpy"): $KITH_PYTHON, else the project's .venv, else
/// the system's; empty if none can.
std::string find_python(const std::string& modules);

/// Runs a Python program, with `argument` as sys.argv[1].
CommandResult run_python(const std::string& python, const std::string& program,
                         const std::string& argument);

}  // namespace kith::host
