// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "process.h"
#include "temp_folder.h"

namespace kith::integration {

using host::TempFolder;

std::string read_text(const std::filesystem::path& file);
/// Makes the folders above the file too.
void write_text(const std::filesystem::path& file, const std::string& text);

/// `text` with the one place where `old` stands replaced. @throws std::logic_error if there is
/// none.
std::string replaced(std::string text, const std::string& old, const std::string& with);

/// A folder of its own for a test: home, runs, experiments and data lie in it. Starts the real
/// program.
class Workshop : public testing::Test {
 protected:
  Workshop();

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path runs() const { return folder() / "runs"; }
  /// The runs that were made, links left out, sorted by name.
  std::vector<std::filesystem::path> made_runs() const;

  /// The program with these arguments, started in folder().
  Command command(const std::vector<std::string>& arguments) const;
  Outcome kith(const std::vector<std::string>& arguments) const;
  /// Another program; the code 127 if it isn't there.
  Outcome start(const std::vector<std::string>& program) const;

  /// Puts a plugin of the tests into folder()/plugins, beside the experiment.
  /// @param from  KITH_INTEGRATION_PLUGINS or KITH_PLUGIN_FIXTURES.
  void take_plugin(const std::filesystem::path& from, const std::string& name) const;

  /// Writes an experiment; its path relative to folder().
  std::string experiment(const std::string& text,
                         const std::string& name = "experiment.toml") const;
  /// `kith run` of an experiment that fails: the text on standard error. Fails the test if the exit
  /// code is not 1, something goes to standard output, or a run folder is made.
  std::string error_of_run(const std::string& text,
                           const std::vector<std::string>& more = {}) const;
  /// `kith run` of an experiment that succeeds: its folder.
  std::filesystem::path run(const std::string& text,
                            const std::vector<std::string>& more = {}) const;

  std::map<std::string, std::string> environment;  ///< of the program

 private:
  TempFolder folder_;
};

/// The program under test: KITH_PROGRAM, else that of the build tree; and the folder of the plugins
/// that ship.
std::filesystem::path kith_program();
std::filesystem::path shipped_plugins();

}  // namespace kith::integration
