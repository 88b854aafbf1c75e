// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "config/load_experiment.h"
#include "fake_catalog.h"

namespace kith::host {
namespace {

TEST(ConfigReadmeTest, NamesEveryKey) {
  std::ifstream stream(KITH_SOURCE_DIR "/host/config/README.md");
  const std::string readme((std::istreambuf_iterator<char>(stream)),
                           std::istreambuf_iterator<char>());
  ASSERT_FALSE(readme.empty());
  const auto expect_named = [&](const std::string& key) {
    const bool named = readme.find("`" + key + "`") != std::string::npos ||
                       readme.find("[" + key + "]") != std::string::npos;
    EXPECT_TRUE(named) << key;
  };
  const nlohmann::json schema = nlohmann::json::parse(experiment_schema(FakeCatalog()));
  for (const auto& [table, of_table] : schema["properties"].items()) {
    expect_named(table);
    if (!of_table.contains("properties")) continue;
    for (const auto& [key, of_key] : of_table["properties"].items()) expect_named(key);
  }
}

}  // namespace
}  // namespace kith::host
