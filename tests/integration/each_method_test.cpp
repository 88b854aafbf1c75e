// SPDX-License-Identifier: Apache-2.0
// What holds for a run of every method: a healthy one tells nothing, and one that was killed ends
// as one that was not, with all that the method keeps.
#include <gmock/gmock.h>
#include <signal.h>

#include <set>

#include "interrupted_run.h"
#include "run_contents.h"
#include "small_data.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;

struct SmallMethod {
  std::string name;
  std::string table;  ///< [method]
  int views;
  std::string kept;  ///< a name in the checkpoint that is the method's own; "": none
};

/// Where the method sees one view of each image, its features are evaluated on two all the same.
std::string experiment_of(const SmallMethod& method, const std::string& base) {
  const auto text = replaced(base, kSmallMethod, method.table);
  if (method.views == 2) return text;
  return replaced(text, "count = 2", "count = 1") +
         "\n[[evaluation]]\nplugin = \"view_retrieval\"\nevery_epochs = 3\n";
}

void expect_recall_of_views(const fs::path& run) {
  const auto datasets = read_datasets(run);
  std::set<std::string> logged;
  for (const auto& line : read_log(run))
    if (line.contains("metric")) logged.insert(line["metric"].get<std::string>());
  for (const std::string row : {"trained", "untrained"}) {
    const auto metric = "view_retrieval/val/" + row + "/plain/recall_at_1";
    EXPECT_TRUE(datasets.contains("/metrics/" + metric)) << metric;
    EXPECT_TRUE(logged.contains(metric)) << metric;
  }
}

class EachMethodTest : public InterruptedRun, public testing::WithParamInterface<SmallMethod> {};

TEST_P(EachMethodTest, HealthyTellsNothing) {
  const auto outcome =
      kith({"run", experiment(experiment_of(GetParam(), kSmallExperiment)), "--folder", "run",
            "--set", "train.epochs=50", "--set", "guards.every_steps=9"});
  // 450 steps: guards judge from step 207 on, and 200 steps on a line are over at 414.
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_P(EachMethodTest, KilledItEndsAsIfItHadNotBeen) {
  const auto text = experiment_of(GetParam(), long_experiment());
  const auto whole = run(text);
  const auto state = read_tensors(newest_checkpoint(whole));
  EXPECT_TRUE(GetParam().kept.empty() || state.contains(GetParam().kept));
  if (GetParam().views == 1) expect_recall_of_views(whole);
  const auto killed = interrupted(text, 50, SIGKILL).folder;
  ASSERT_FALSE(fs::is_empty(killed / "checkpoints"));
  finish(killed);
  expect_equal_runs(killed, whole);
}

std::vector<SmallMethod> small_methods() {
  return {{"instdisc_nce",
           "plugin = \"instdisc\"\nnegatives = 64\nembedding_width = 8\ntemperature = 0.2", 1,
           "method.memory_bank"},
          {"instdisc_full", "plugin = \"instdisc\"\nclassifier = \"full\"\nembedding_width = 8", 1,
           "method.memory_bank"},
          {"invaspread", "plugin = \"invaspread\"\nembedding_width = 8", 2, ""},
          {"moco", kQueueMethod, 2, "method.queue"},
          {"byol",
           "plugin = \"byol\"\nhead_width = 32\nembedding_width = 16\n"
           "ema_momentum = { kind = \"cosine\", start = 0.9, end = 1.0 }",
           2, "method.projector@target.0.weight"},
          {"simsiam", "plugin = \"simsiam\"\nembedding_width = 32", 2, ""},
          {"simclr", kSmallMethod, 2, ""},
          {"supervised", "plugin = \"supervised\"", 1, ""}};
}

INSTANTIATE_TEST_SUITE_P(Methods, EachMethodTest, testing::ValuesIn(small_methods()),
                         [](const auto& info) { return info.param.name; });

TEST(SmallMethodsTest, AreAllThatShip) {
  std::set<std::string> listed, shipped;
  const std::string begin = "plugin = \"";
  for (const auto& method : small_methods()) {
    ASSERT_TRUE(method.table.starts_with(begin)) << method.table;
    const auto end = method.table.find('"', begin.size());
    listed.insert(method.table.substr(begin.size(), end - begin.size()));
  }
  for (const auto& entry : fs::directory_iterator(shipped_plugins() / "methods"))
    if (entry.path().extension() == ".so") shipped.insert(entry.path().stem().string());
  EXPECT_EQ(listed, shipped);
}

}  // namespace
}  // namespace kith::integration
