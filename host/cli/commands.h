// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kith::host {

/// What the program ends with; `kith --help` lists them.
enum ExitCode {
  kExitOk = 0,
  kExitError = 1,    ///< experiment, plugin, data, device or disk: the text says what
  kExitUsage = 2,    ///< the command line
  kExitStopped = 3,  ///< Ctrl-C or SIGTERM: a checkpoint was written, the run can go on
};

struct RunArguments {
  std::string experiment;
  std::vector<std::string> set;
  std::string device = "auto";
  std::string folder;  ///< empty: runs/<name>-<id>
  std::string resume;  ///< empty: a new run
};

struct DataArguments {
  std::string path;    ///< an experiment's file, or a folder
  std::string reader;  ///< of a folder; empty: image_folder
  std::vector<std::string> set;
};

struct NewPluginArguments {
  std::string kind;
  std::string name;
  std::string folder;  ///< empty: the name, in the current folder
};

/// The commands. Each prints to standard output and returns an exit code; errors are thrown as
/// kith::Error.
int run_command(const RunArguments& arguments);
int check_command(const std::string& experiment, const std::vector<std::string>& set);
int data_check_command(const DataArguments& arguments);
int schema_command();
int plugin_list_command();
int plugin_inspect_command(const std::string& name);
int plugin_check_command(const std::string& name);
int plugin_new_command(const NewPluginArguments& arguments);

}  // namespace kith::host
