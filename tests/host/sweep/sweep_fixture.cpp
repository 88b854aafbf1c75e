// SPDX-License-Identifier: Apache-2.0
#include "sweep_fixture.h"

namespace kith::host {

SweepFixture::SweepFixture() {
  write("base.toml", std::string(kSmallExperiment) + "[[evaluation]]\nplugin = \"knn\"\n");
}

SweepFixture::Read SweepFixture::read_all(const std::string& text, bool small,
                                          const std::vector<std::string>& overrides,
                                          Problems& problems) const {
  const auto file = write("sweep.toml", text);
  const auto sweep = read_sweep(file, small, problems);
  if (!sweep) return {};
  auto grid = resolve_grid(
      *sweep, overrides,
      [&](const std::filesystem::path&) -> const PluginCatalog& { return catalog_; }, problems);
  return {*sweep, std::move(grid)};
}

SweepFixture::Read SweepFixture::read(const std::string& text, bool small,
                                      const std::vector<std::string>& overrides) const {
  Problems problems;
  auto result = read_all(text, small, overrides, problems);
  EXPECT_NO_THROW(problems.raise("sweep.toml"));
  return result;
}

std::string SweepFixture::sweep_errors(const std::string& text,
                                       const std::vector<std::string>& overrides) const {
  Problems problems;
  read_all(text, false, overrides, problems);
  try {
    problems.raise("sweep.toml");
  } catch (const ConfigError& error) {
    return without_folder(error.what());
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace kith::host
