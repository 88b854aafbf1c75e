// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "plugin/registry.h"
#include "temp_folder.h"

namespace kith::host {

/// A host that can do nothing but keep the last error's text. [any thread]
const kith_host* error_keeping_host();
/// The text and kind that a plugin set last.
std::string last_error();
int last_error_kind();

/// A fresh folder with copies of fixture plugins; a marker file tells whether code of one ran in
/// this or a child process.
class PluginTest : public ::testing::Test {
 protected:
  PluginTest();
  ~PluginTest() override;

  static std::filesystem::path fixture(const std::string& name);
  static std::vector<char> bytes_of(const std::filesystem::path& path);
  std::filesystem::path write(const std::string& name, const std::vector<char>& bytes) const;
  /// Copies a fixture into the folder under its own or another name.
  std::filesystem::path copy(const std::string& name, const std::string& as = "") const;
  /// The same with one text in it replaced by another of equal length.
  std::filesystem::path copy_with(const std::string& name, const std::string& from,
                                  const std::string& to) const;

  bool plugin_code_ran() const { return std::filesystem::exists(marker_); }
  void clear_marker() const { std::filesystem::remove(marker_); }

  HostAbilities abilities() const;
  TrialSettings trial() const;
  PluginRegistry registry() const;
  /// The text with which this is refused; "" if it is not.
  static std::string refusal(const std::function<void()>& work);
  /// The text of the refusal when the plugin that lies in the folder under this short name is
  /// loaded.
  std::string refusal_of(const std::string& name) const;

  TempFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();

 private:
  std::filesystem::path marker_;
};

}  // namespace kith::host
