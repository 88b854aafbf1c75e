// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <kith/error.hpp>
#include <kith/harness.hpp>

#include "build_facts.h"
#include "cli/commands.h"
#include "cli/exit_watch.h"
#include "conformance/check_child.h"
#include "plugin/nearest_name.h"
#include "tensor/allocator.h"
#include "train/device.h"

namespace {

using namespace kith::host;  // NOLINT(google-build-using-namespace): the program's own names, in
                             // its main file

constexpr const char* kExitCodes = R"(

exit codes: 0 done; 1 experiment, plugin, data, device or disk are wrong; 2 the command line is wrong;
  3 stopped by Ctrl-C, SIGTERM or a closed terminal, with a checkpoint written (go on with --resume))";

constexpr const char* kExamples = R"(examples:
  kith run experiments/quickstart/experiment.toml
  kith run experiment.toml --set optimizer.base_lr=1e-3 --set seed=2
  kith run --resume runs/quickstart-latest
  kith check experiment.toml
  kith sweep sweep.toml --small
  kith data check experiment.toml
  kith plugin list
  kith plugin inspect knn
  kith plugin check ./my_loss.so
  kith plugin new loss my_loss)";

constexpr const char* kEnvironment = R"(

environment: KITH_RUNS the folder of runs (default: runs in the current folder);
  KITH_PLUGIN_PATH more folders with plugins, separated by colons;
  KITH_CORES how many cores to use, at most and by default all that the system gives;
  KITH_DEVICE what --device is where it is not given)";

std::string with_exit_codes(const std::string& examples) { return examples + kExitCodes; }

void add_plugins(CLI::App& command, RunArguments& arguments) {
  command.add_option("--plugins", arguments.plugins,
                     "folder where plugins are looked for first (default: the experiment's)");
}

/// What KITH_DEVICE says holds where the option is not given. CLI11 would look at it for commands
/// that were not called too, and newer ones would drop a wrong word.
void add_device(CLI::App& command, std::string& device, const std::string& help) {
  device = device_word(device);
  command.add_option("--device", device, help)->check(CLI::IsMember({"auto", "cpu", "cuda"}));
}

void add_run(CLI::App& app, RunArguments& arguments, int& code) {
  auto* run = app.add_subcommand("run", "run an experiment, or go on with a run");
  run->footer(
      with_exit_codes("examples:\n  kith run experiment.toml --set train.epochs=2\n  kith run "
                      "--resume runs/quickstart-latest"));
  auto* file = run->add_option("experiment", arguments.experiment, "the experiment's TOML file");
  run->add_option(
         "--set", arguments.set,
         "set a value: key=value, as optimizer.base_lr=1e-3 or views.0.size=32; with --resume only "
         "data.path (train_path, val_path, test_path), train.loader_threads and guards.fatal")
      ->allow_extra_args(false);
  add_device(*run, arguments.device, "auto, cpu or cuda; auto takes a GPU where there is one");
  run->add_option("--folder", arguments.folder,
                  "write the run to this folder, which must not exist");
  add_plugins(*run, arguments);
  run->add_option("--parent", arguments.parent, "ends with this process")->group("");
  auto* resume = run->add_option("--resume", arguments.resume, "go on with the run in this folder");
  resume->excludes(file)->excludes("--folder");
  auto* extend =
      run->add_option("--extend", arguments.extend,
                      "with --resume: go on to a later end, epochs=N; refused where a schedule "
                      "depends on the end, as cosine does")
          ->needs(resume);
  run->add_flag("--stretch-schedules", arguments.stretch_schedules,
                "with --extend: from here on, such schedules are those of the longer run")
      ->needs(extend);
  run->callback([&, run] {
    if (arguments.experiment.empty() && arguments.resume.empty())
      throw CLI::RequiredError("run: an experiment file, or --resume RUN,");
    static_cast<void>(run);
    code = run_command(arguments);
  });
}

void add_check(CLI::App& app, RunArguments& arguments, int& code) {
  auto* check = app.add_subcommand(
      "check",
      "check everything about an experiment, with one step on zeros, and say what "
      "would run");
  check->add_option("experiment", arguments.experiment, "the experiment's TOML file")->required();
  check->add_option("--set", arguments.set, "set a value: key=value")->allow_extra_args(false);
  add_plugins(*check, arguments);
  check->footer(
      with_exit_codes("example:\n  kith check experiment.toml --set train.batch_size=512"));
  check->callback([&] { code = check_command(arguments); });
}

void add_sweep(CLI::App& app, SweepArguments& arguments, int& code) {
  auto* sweep = app.add_subcommand(
      "sweep",
      "run a grid of settings and seeds, each run a process of its own; choose the best setting on "
      "val; write one table and one heat map. It goes on where it was stopped");
  sweep->add_option("sweep", arguments.file, "the sweep's TOML file")->required();
  sweep->add_option("--jobs", arguments.jobs, "runs at a time, which share the cores")
      ->check(CLI::Range(1, 1024));
  sweep->add_flag("--small", arguments.small, "the small size that the file has for a CPU");
  sweep->add_option("--set", arguments.set, "set a value in every run: key=value")
      ->allow_extra_args(false);
  add_device(*sweep, arguments.device, "auto, cpu or cuda");
  sweep->add_option(
      "--into", arguments.into,
      "put the table into this file as well, between <!-- sweep NAME --> and <!-- end "
      "of sweep NAME -->");
  auto* list = sweep->add_flag("--list", arguments.list, "list the runs and how far they are");
  sweep->add_flag("--check", arguments.check, "only check every setting, as kith check does")
      ->excludes(list);
  sweep->footer(with_exit_codes(
      "examples:\n  kith sweep experiments/sweeps/heads.toml --list\n"
      "  kith sweep experiments/sweeps/heads.toml --small --jobs 2\n\n"
      "All settings are checked before the first run. A run that fails does not end the sweep: "
      "its\n"
      "error stands in the table, and the exit code is 1 at the end. The same command tries again\n"
      "what failed, goes on with what was stopped, and leaves alone what is done."));
  sweep->callback([&] { code = sweep_command(arguments); });
}

void add_plugin(CLI::App& app, PluginArguments& arguments, NewPluginArguments& made, int& code) {
  auto* plugin = app.add_subcommand("plugin", "look at plugins, check them, begin a new one");
  plugin->require_subcommand(1);
  plugin->footer(
      with_exit_codes("examples:\n  kith plugin list\n  kith plugin inspect knn\n"
                      "  kith plugin check knn\n  kith plugin new loss my_loss"));
  auto* list =
      plugin->add_subcommand("list", "all plugins that are found, and files that can't be used");
  list->footer(with_exit_codes("example:\n  kith plugin list"));
  list->callback([&] { code = plugin_list_command(); });
  auto* inspect = plugin->add_subcommand(
      "inspect", "what a plugin says about itself: options, operators, services");
  inspect->add_option("name", arguments.name, "short name, id, or a file")->required();
  inspect->footer(
      with_exit_codes("examples:\n  kith plugin inspect knn\n  kith plugin inspect ./my_loss.so"));
  inspect->callback([&] { code = plugin_inspect_command(arguments.name); });
  auto* check = plugin->add_subcommand(
      "check",
      "load a plugin and hold it against what every plugin of its kind must hold: gradients, "
      "determinism, save and load, ends of its options; each check in a process of its own");
  check->add_option("name", arguments.name, "short name, id, or a file")->required();
  add_device(*check, arguments.device, "where its tensors are: auto, cpu or cuda");
  check->footer(
      with_exit_codes("examples:\n  kith plugin check knn\n  kith plugin check ./my_loss.so\n  "
                      "kith plugin check ./my_loss.so --device cuda\n\n"
                      "It ends with 0 if every check passed or does not apply, and with 1 if one "
                      "failed or the plugin cannot be loaded."));
  check->callback([&] { code = plugin_check_command(arguments); });
  auto* begin = plugin->add_subcommand(
      "new", "write a folder with a small plugin that builds and passes `kith plugin check`");
  begin->add_option("kind", made.kind, "loss, encoder, augmentation, evaluation or method")
      ->required();
  begin->add_option("name", made.name, "its short name, as my_loss")->required();
  begin->add_option("--folder", made.folder,
                    "the folder to write, which must not exist (default: the name)");
  begin->footer(with_exit_codes(
      "examples:\n  kith plugin new loss my_loss\n  kith plugin new method mine --folder "
      "plugins/mine\n\nThe last line that it prints builds and checks it."));
  begin->callback([&] { code = plugin_new_command(made); });
}

void add_data(CLI::App& app, DataArguments& arguments, int& code) {
  auto* data = app.add_subcommand("data", "look at a data set");
  data->require_subcommand(1);
  data->footer(with_exit_codes("example:\n  kith data check experiment.toml"));
  auto* check = data->add_subcommand(
      "check",
      "decode every image of every split, and list the files that do not decode; the exit code is "
      "1 "
      "if there are any. Test is walked over too, which no run counts as a reading of test");
  check->add_option("path", arguments.path, "an experiment's TOML file, or a folder of data")
      ->required();
  check->add_option("--reader", arguments.reader,
                    "format of a folder: image_folder (default), idx, cifar10, cifar100");
  check->add_option("--set", arguments.set, "set a value: data.key=value")->allow_extra_args(false);
  check->footer(
      with_exit_codes("examples:\n  kith data check experiment.toml\n  kith data check photos\n  "
                      "kith data check cifar-10-batches-bin --reader cifar10"));
  check->callback([&] { code = data_check_command(arguments); });
}

/// CLI11 says only that a command is required; a person wants to know which word was wrong.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* parent = &app;
  std::string names = "kith";
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    std::vector<std::string> known;
    for (const auto* command : parent->get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
    if (known.empty()) return "";
    const std::string word = argv[i];
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      std::string text = names + ": no command '" + word + "'";
      if (const auto nearest = nearest_name(word, known))
        return text + "; did you mean '" + *nearest + "'?";
      for (const auto& name : known) text += (&name == &known[0] ? "; there are: " : ", ") + name;
      return text;
    }
    parent = parent->get_subcommand(word);
    names += " " + word;
  }
  return "";
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"kith: contrastive and self-supervised learning from plugins and experiment files"};
  app.set_version_flag("--version", KITH_VERSION);
  app.require_subcommand(1);
  app.footer(with_exit_codes(kExamples) + kEnvironment);
  RunArguments arguments;
  DataArguments data;
  PluginArguments plugin;
  int code = kExitOk;
  add_run(app, arguments, code);
  add_check(app, arguments, code);
  add_data(app, data, code);
  SweepArguments sweep;
  add_sweep(app, sweep, code);
  NewPluginArguments made;
  add_plugin(app, plugin, made, code);
  auto* schema =
      app.add_subcommand("schema", "print the JSON schema of experiment files, for editors");
  schema->footer(with_exit_codes("example:\n  kith schema > experiment.schema.json"));
  schema->callback([&] { code = schema_command(); });
  if (const auto problem = unknown_command(app, argc, argv); !problem.empty()) {
    std::fprintf(stderr, "%s\nRun with --help for more information.\n", problem.c_str());
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitOk : kExitUsage;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = kith::harness::trial_exit_code(argc, argv)) return *code;
  set_up_memory();
  spdlog::set_default_logger(spdlog::stderr_color_mt("kith"));
  spdlog::set_pattern("%H:%M:%S %^%l%$ %v");
  try {
    if (argc == 4 && std::string_view(argv[1]) == kith::conformance::kCheckCommand)
      return kith::conformance::run_check_child(argv[2], argv[3]);
    const ExitWatch watch;
    return parse_and_run(argc, argv);
  } catch (const kith::Error& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", e.what());
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "kith: %s\n", e.what());
  }
  return kExitError;
}
