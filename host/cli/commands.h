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
  std::string folder;              ///< empty: runs/<name>-<id>
  std::string resume;              ///< empty: a new run
  std::string extend;              ///< "epochs=N", with `resume`; empty: the end that it began with
  bool stretch_schedules = false;  ///< with `extend`
  std::string plugins;  ///< where plugins are looked for first; empty: the experiment's folder
  int parent = 0;       ///< the process that the run ends with; 0: none
};

struct SweepArguments {
  std::string file;
  std::vector<std::string> set;
  std::string device = "auto";
  int jobs = 0;  ///< runs at a time; 0: as the file says
  bool small = false;
  bool list = false;   ///< only list the runs
  bool check = false;  ///< only check the settings
  std::string into;    ///< a file to put the table into; empty: none
};

struct DataArguments {
  std::string path;    ///< an experiment's file, or a folder
  std::string reader;  ///< of a folder; empty: image_folder
  std::vector<std::string> set;
};

struct PluginArguments {
  std::string name;            ///< short name, id, or a file
  std::string device = "cpu";  ///< of check
};

struct NewPluginArguments {
  std::string kind;
  std::string name;
  std::string folder;  ///< empty: the name, in the current folder
};

/// The commands. Each prints to standard output and returns an exit code; errors are thrown as
/// kith::Error.
int run_command(const RunArguments& arguments);
/// Of `arguments` experiment, set and plugins.
int check_command(const RunArguments& arguments);
int sweep_command(const SweepArguments& arguments);
int data_check_command(const DataArguments& arguments);
int schema_command();
int plugin_list_command();
int plugin_inspect_command(const std::string& name);
int plugin_check_command(const PluginArguments& arguments);
int plugin_new_command(const NewPluginArguments& arguments);

}  // namespace kith::host
