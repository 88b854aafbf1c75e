// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

#include <stdlib.h>

#include <fstream>
#include <stdexcept>

namespace kith::host {

std::filesystem::path ExperimentFixture::write(const std::string& name,
                                               const std::string& text) const {
  const std::filesystem::path path = folder_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

ResolvedExperiment ExperimentFixture::load(const std::string& text,
                                           const std::vector<std::string>& overrides) const {
  write("exp.toml", text);
  return load_file("exp.toml", overrides);
}

ResolvedExperiment ExperimentFixture::load_file(const std::string& name,
                                                const std::vector<std::string>& overrides) const {
  return load_experiment(folder_ / name, overrides, catalog_);
}

std::string ExperimentFixture::errors(const std::string& text,
                                      const std::vector<std::string>& overrides) const {
  write("exp.toml", text);
  return errors_of_file("exp.toml", overrides);
}

std::string ExperimentFixture::errors_of_file(const std::string& name,
                                              const std::vector<std::string>& overrides) const {
  try {
    load_file(name, overrides);
  } catch (const ConfigError& error) {
    return without_folder(error.what());
  }
  ADD_FAILURE() << "no error from " << name;
  return "";
}

std::string ExperimentFixture::without_folder(std::string text) const {
  const std::string prefix = folder_.string() + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
    text.erase(at, prefix.size());
  }
  return text;
}

std::string ExperimentFixture::small_with(const std::string& old_text,
                                          const std::string& new_text) {
  std::string text = kSmallExperiment;
  const std::size_t at = text.find(old_text);
  if (at == std::string::npos) throw std::logic_error("test: not in the text: " + old_text);
  return text.replace(at, old_text.size(), new_text);
}

}  // namespace kith::host
