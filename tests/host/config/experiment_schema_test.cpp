// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config/load_experiment.h"
#include "experiment_fixture.h"

namespace kith::host {
namespace {

using Json = nlohmann::json;

class ExperimentSchemaTest : public ExperimentFixture {
 protected:
  Json schema_ = Json::parse(experiment_schema(catalog_));

  /// What loading says to an override, or "" if it takes it.
  std::string answer(const std::string& override) const {
    write("exp.toml", kSmallExperiment);
    try {
      load_file("exp.toml", {override});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  /// The schema of the plugin with this name among those of a kind.
  const Json& plugin(const std::string& kind, const std::string& name) const {
    for (const Json& each : schema_["$defs"][kind]["anyOf"]) {
      if (each.value("title", "") == name) return each;
    }
    throw std::out_of_range("test: no plugin " + name);
  }
};

const char* const kTables[] = {"data",         "eval_view", "train",   "guards",
                               "online_probe", "optimizer", "schedule"};

TEST_F(ExperimentSchemaTest, KnowsNoKeyThatLoadingDoesNot) {
  for (const char* table : kTables) {
    for (const auto& [key, schema] : schema_["properties"][table]["properties"].items()) {
      const std::string path = std::string(table) + "." + key;
      const std::string text = answer(path + "={ wrong = { wrong = 1 } }");
      EXPECT_NE(text, "") << path;
      EXPECT_EQ(text.find("unknown key '" + key), std::string::npos) << text;
    }
  }
}

TEST_F(ExperimentSchemaTest, KnowsEveryKeyOfAResolvedExperiment) {
  for (const char* kind : {"sgd", "adam", "adamw", "lars", "larc"}) {
    for (const char* schedule : {"{ kind = 'cosine' }", "{ kind = 'step', milestones = [1] }"}) {
      const std::string text =
          to_resolved_toml(load(kSmallExperiment, {std::string("optimizer.kind=") + kind,
                                                   std::string("schedule=") + schedule}));
      std::string table;
      for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        if (line.starts_with("[")) table = line.substr(1, line.size() - 2);
        const std::size_t equals = line.find(" = ");
        const bool checked =
            std::find(std::begin(kTables), std::end(kTables), table) != std::end(kTables);
        if (!checked || equals == std::string::npos) continue;
        EXPECT_TRUE(schema_["properties"][table]["properties"].contains(line.substr(0, equals)))
            << table << ": " << line;
      }
    }
  }
}

TEST_F(ExperimentSchemaTest, HasTheRangesThatLoadingChecks) {
  int checked = 0;
  for (const char* table : kTables) {
    for (const auto& [key, schema] : schema_["properties"][table]["properties"].items()) {
      if (!schema.contains("maximum")) continue;
      const std::string path = std::string(table) + "." + key;
      const double beyond = schema["maximum"].get<double>() * 2;
      const std::string value = schema["type"] == "integer"
                                    ? std::to_string(static_cast<std::int64_t>(beyond))
                                    : std::to_string(beyond);
      EXPECT_NE(answer(path + "=" + value).find("must be in"), std::string::npos) << path;
      ++checked;
    }
  }
  EXPECT_GT(checked, 12);
}

TEST_F(ExperimentSchemaTest, HoldsTheOptionsOfEachPlugin) {
  const Json& convnet = plugin("encoder", "convnet")["properties"];
  EXPECT_EQ(convnet["plugin"]["enum"], (Json{"convnet", "org.kith.convnet"}));
  EXPECT_EQ(convnet["widths"]["items"]["maximum"], 4096);
  EXPECT_EQ(convnet["widths"]["maxItems"], 4);
  EXPECT_EQ(convnet["widths"]["default"], (Json{16, 32}));
  EXPECT_EQ(plugin("augmentation", "normalise")["properties"]["mean"]["description"], "in levels");
  EXPECT_EQ(plugin("augmentation", "flip")["properties"]["probability"]["default"], 1.0);
  EXPECT_EQ(plugin("evaluation", "knn")["properties"]["output"]["default"], "features");
  EXPECT_EQ(plugin("loss", "nt_xent")["properties"]["scale"]["enum"], (Json{"paper", "code"}));
  EXPECT_EQ(plugin("method", "simclr")["properties"]["loss"]["anyOf"][0]["$ref"], "#/$defs/loss");
  EXPECT_EQ(plugin("method", "moco")["properties"]["ema_momentum"]["anyOf"][0]["maximum"], 1.0);
  EXPECT_EQ(plugin("method", "moco")["additionalProperties"], false);
}

}  // namespace
}  // namespace kith::host
