// SPDX-License-Identifier: Apache-2.0
#include "plugin/plugin_text.h"

#include "plugin_fixture.h"

namespace kith::host {
namespace {

class PluginTextTest : public PluginTest {
 protected:
  static void expect_in(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts)
      EXPECT_NE(text.find(part), text.npos) << "wanted: " << part << "\ngot:\n" << text;
  }
};

TEST_F(PluginTextTest, WritesValuesAsToml) {
  EXPECT_EQ(toml_text(OptionScalar(true)), "true");
  EXPECT_EQ(toml_text(OptionScalar(std::int64_t{-3})), "-3");
  EXPECT_EQ(toml_text(OptionScalar(0.1)), "0.1");
  EXPECT_EQ(toml_text(OptionScalar(1.0)), "1.0");
  EXPECT_EQ(toml_text(OptionScalar(1e-12)), "1e-12");
  EXPECT_EQ(toml_text(OptionScalar(std::string("a\"b"))), "\"a\\\"b\"");
  EXPECT_EQ(toml_text(OptionScalar(Schedule{"cosine", 0.99, 1})),
            "{ kind = \"cosine\", start = 0.99, end = 1.0 }");
}

TEST_F(PluginTextTest, InspectShowsEverythingWithoutLoading) {
  const auto path = copy("complete");
  PluginRegistry all = registry();
  const PluginRecord& record = all.find("loss", "complete");
  const std::string text = inspect_text(all, record);
  expect_in(text, {"org.test.complete 1.2.3\nHas everything that a note can say.",
                   "licence    Apache-2.0",
                   "interface  kith.loss/1",
                   "tier       portable/1, SDK " KITH_SDK_VERSION,
                   "services   kith.tensor/1",
                   "authors    A. Müller",
                   record.sha256,
                   path.string(),
                   "libc.so.6",
                   "temperature",
                   "real in [1e-04, 10000.0]",
                   "list of 2: real in [0.0, 1.0]",
                   "one of paper, code",
                   "plugin of kind loss",
                   "[16, 32]",
                   "list of 1 to 32: integer in [1, 4096]",
                   "neighbours",
                   "words that set other options:\n",
                   "statistics = \"known\"    sets levels to  [0.25, 0.75]\n",
                   "statistics = \"measure\"  sets levels to  train's channel_mean\n",
                   "input  query  N C  unit_rows gradient",
                   "operators: aten::add.Tensor, aten::matmul",
                   "operators that it can do without: aten::brand_new",
                   "this host loads it"});
  EXPECT_FALSE(plugin_code_ran());
}

TEST_F(PluginTextTest, InspectSaysWhyThisHostRefusesAPlugin) {
  copy("operator");
  PluginRegistry all = registry();
  expect_in(inspect_text(all, all.find("loss", "operator")),
            {"this host refuses it:\nKITH-307", "aten::no_such_op"});
}

TEST_F(PluginTextTest, ListNamesPluginsByKindAndWhatCannotBeUsed) {
  copy("complete");
  write("text.so", {'x'});
  PluginRegistry all = registry();
  expect_in(list_text(all), {"loss\n  complete  1.2.3  org.test.complete  Has everything",
                             "cannot be used:\nKITH-206 'text.so'"});
}

TEST_F(PluginTextTest, ListSaysWhereItLookedIfThereIsNothing) {
  PluginRegistry all = registry();
  EXPECT_EQ(list_text(all),
            "no plugins found; looked in:\n  " + folder_.string() + " (the test's folder)\n");
}

}  // namespace
}  // namespace kith::host
