// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fake_catalog.h"
#include "temp_folder.h"

namespace kith::host {

/// The smallest experiment that is complete; its lines are counted on by tests of places.
inline constexpr const char* kSmallExperiment = R"(name = "small"
[data]
reader = "idx"
path = "data"
[encoder]
plugin = "convnet"
[method]
plugin = "simclr"
[[views]]
count = 2
size = 28
[train]
epochs = 6
batch_size = 256
[optimizer]
kind = "adamw"
base_lr = 4e-3
)";

/// Experiments in a temporary folder of the test's own.
class ExperimentFixture : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const;
  ResolvedExperiment load(const std::string& text,
                          const std::vector<std::string>& overrides = {}) const;
  ResolvedExperiment load_file(const std::string& name,
                               const std::vector<std::string>& overrides = {}) const;

  /// The text of the error that loading gives, with the folder's name cut out; fails the test if
  /// there is none.
  std::string errors(const std::string& text, const std::vector<std::string>& overrides = {}) const;
  std::string errors_of_file(const std::string& name,
                             const std::vector<std::string>& overrides = {}) const;
  std::string without_folder(std::string text) const;

  /// kSmallExperiment with one piece of its text replaced.
  static std::string small_with(const std::string& old_text, const std::string& new_text);

  TempFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  FakeCatalog catalog_;
};

}  // namespace kith::host
