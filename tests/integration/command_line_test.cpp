// SPDX-License-Identifier: Apache-2.0
// Help, version and mistakes on the command line.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "workshop.h"

namespace kith::integration {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class CommandLineTest : public Workshop {};

TEST_F(CommandLineTest, HelpOfEveryCommandHasExamplesAndExitCodes) {
  const std::vector<std::vector<std::string>> commands{{},
                                                       {"run"},
                                                       {"check"},
                                                       {"plugin"},
                                                       {"plugin", "list"},
                                                       {"plugin", "inspect"},
                                                       {"plugin", "check"},
                                                       {"plugin", "new"},
                                                       {"schema"},
                                                       {"data"},
                                                       {"data", "check"}};
  for (auto command : commands) {
    std::string name = "kith";
    for (const auto& word : command) name += " " + word;
    command.push_back("--help");
    const auto outcome = kith(command);
    EXPECT_EQ(outcome.code, 0) << name;
    EXPECT_THAT(outcome.out,
                testing::AnyOf(HasSubstr("examples:\n  " + name), HasSubstr("example:\n  " + name)))
        << name;
    EXPECT_THAT(outcome.out, HasSubstr("exit codes: 0 done")) << name;
    EXPECT_EQ(outcome.err, "") << name;
  }
}

TEST_F(CommandLineTest, HelpNamesEveryCommandAndTheEnvironment) {
  const auto outcome = kith({"--help"});
  for (const char* name : {"run", "check", "data", "plugin", "schema", "KITH_RUNS",
                           "KITH_PLUGIN_PATH", "KITH_CORES", "KITH_DEVICE"})
    EXPECT_THAT(outcome.out, HasSubstr(name));
}

TEST_F(CommandLineTest, VersionIsThreeNumbers) {
  const auto outcome = kith({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandLineTest, MistakesAreNamedAndEndWithTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes{
      {{}, "A subcommand is required"},
      {{"frobnicate"},
       "kith: no command 'frobnicate'; there are: run, check, data, sweep, plugin, schema"},
      {{"chek", "a.toml"}, "kith: no command 'chek'; did you mean 'check'?"},
      {{"plugin", "lst"}, "kith plugin: no command 'lst'; did you mean 'list'?"},
      {{"run"}, "run: an experiment file, or --resume RUN, is required"},
      {{"run", "a.toml", "--bogus"}, "--bogus"},
      {{"run", "a.toml", "--resume", "b"}, "experiment excludes --resume"},
      {{"run", "a.toml", "--device", "tpu"}, "tpu not in {auto,cpu,cuda}"},
      {{"check"}, "experiment is required"},
      {{"data"}, "A subcommand is required"},
      {{"data", "chek", "."}, "kith data: no command 'chek'; did you mean 'check'?"},
      {{"plugin"}, "A subcommand is required"},
      {{"plugin", "inspect"}, "name is required"},
      {{"plugin", "check"}, "name is required"},
      {{"plugin", "chck", "x"}, "kith plugin: no command 'chck'; did you mean 'check'?"},
      {{"plugin", "new", "loss"}, "name is required"},
  };
  for (const auto& [arguments, text] : mistakes) {
    const auto outcome = kith(arguments);
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_EQ(outcome.out, "") << text;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  }
}

TEST_F(CommandLineTest, PluginListHasEveryKindAndEveryShippedPlugin) {
  const auto outcome = kith({"plugin", "list"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* kind : {"augmentation\n", "encoder\n", "evaluation\n", "loss\n", "method\n"})
    EXPECT_THAT(outcome.out, HasSubstr(kind));
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shipped_plugins())) {
    if (entry.path().extension() != ".so") continue;
    EXPECT_THAT(outcome.out, HasSubstr("org.kith." + entry.path().stem().string() + " "));
    ++count;
  }
  EXPECT_GE(count, 15);
}

TEST_F(CommandLineTest, PluginListShowsFilesThatCannotBeUsed) {
  write_text(folder() / "more" / "text.so", "I am no library\n");
  environment["KITH_PLUGIN_PATH"] = (folder() / "more").string();
  const auto outcome = kith({"plugin", "list"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("org.kith.simclr"));  // it hides no other
  EXPECT_THAT(outcome.out, HasSubstr("text.so"));
  EXPECT_THAT(outcome.out, HasSubstr("KITH-206"));
}

TEST_F(CommandLineTest, PluginInspectShowsOptionsOperatorsAndDigest) {
  const auto outcome = kith({"plugin", "inspect", "nt_xent"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* text : {"org.kith.nt_xent 0.1.0", "kind       loss", "licence    Apache-2.0",
                           "interface  kith.loss/1", "temperature",
                           "divides the cosine similarities", "one of paper, code",
                           "operators: aten::", "this host loads it (checked without running it)"})
    EXPECT_THAT(outcome.out, HasSubstr(text));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("sha256     [0-9a-f]{64}\n"));
}

TEST_F(CommandLineTest, PluginInspectSuggestsTheNearestName) {
  const auto outcome = kith({"plugin", "inspect", "nt_xnt"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("plugin: none is called 'nt_xnt'; did you mean 'nt_xent'?"));
}

TEST_F(CommandLineTest, SchemaIsJsonThatKnowsTheOptionsOfPlugins) {
  const auto outcome = kith({"schema"});
  EXPECT_EQ(outcome.code, 0);
  const auto schema = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(schema["properties"].contains("train"));
  EXPECT_THAT(outcome.out, HasSubstr("divides the cosine similarities"));
}

}  // namespace
}  // namespace kith::integration
