// SPDX-License-Identifier: Apache-2.0
// A run from its file to its table.
#include <gmock/gmock.h>

#include "host/store/python.h"
#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class RunTest : public Workshop {
 protected:
  RunTest() { write_idx_data(folder() / "data"); }
};

TEST_F(RunTest, EndsWithTheTableAndSaysWhereTheFilesLie) {
  const auto outcome = kith({"run", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  ASSERT_EQ(made_runs().size(), 1U);
  const auto run = made_runs()[0].string();
  const std::string device = environment["KITH_DEVICE"] == "cpu" ? "cpu" : "cuda:0";
  for (const std::string& text :
       {std::string("small: simclr on 295 training images, 4 epochs of 9 steps of 32 images\n"),
        "on " + device + ", 1 tensor and 1 loader threads; run folder " + run,
        std::string("epoch 4.0/4  step 36/36  loss "), std::string("after 2 epochs: knn on val"),
        std::string("knn on test"), std::string("  raw pixels "),
        std::string("  raw pixels, centred "), std::string("  untrained encoder "),
        std::string("  untrained encoder, centred "), std::string("  trained encoder "),
        std::string("  trained encoder, centred "), std::string("On images that it never saw"),
        "features, metrics and settings are in " + run + "/run.h5, checkpoints in " + run +
            "/checkpoints"})
    EXPECT_THAT(outcome.out, HasSubstr(text));
  EXPECT_THAT(outcome.out,
              testing::ContainsRegex("trained for [0-9]+ s: [0-9]+ images/s, [0-9.]+ % of the time "
                                     "waiting for data; at most [0-9.]+ [MG]B of memory(, and "
                                     "[0-9.]+ [MG]B of the GPU's)?\n"));
}

TEST_F(RunTest, ShowsNeitherBarNorColourWhenNotOnATerminal) {
  const auto outcome = kith({"run", experiment(kSmallExperiment)});
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\x1b")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\r")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("[==")));
}

TEST_F(RunTest, ShowsABarOnATerminal) {
  auto started = command({"run", experiment(kSmallExperiment)});
  started.terminal = true;
  const auto outcome = Process(started).wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\r["));
  EXPECT_THAT(outcome.out, HasSubstr("[========================] epoch 4.0/4  step 36/36  loss "));
  EXPECT_THAT(outcome.out, HasSubstr("images/s"));
  EXPECT_THAT(outcome.out, HasSubstr("left"));
  EXPECT_THAT(outcome.out, HasSubstr("  trained encoder "));
}

TEST_F(RunTest, LeavesACompleteFolderAndALinkToIt) {
  EXPECT_EQ(kith({"run", experiment(kSmallExperiment)}).code, 0);
  ASSERT_EQ(made_runs().size(), 1U);
  const auto run = made_runs()[0];
  EXPECT_THAT(run.filename().string(), testing::StartsWith("small-"));
  EXPECT_EQ(fs::canonical(runs() / "small-latest"), fs::canonical(run));
  EXPECT_TRUE(fs::is_symlink(runs() / "small-latest"));
  EXPECT_EQ(read_text(run / "experiment.toml"), kSmallExperiment);
  const auto resolved = read_text(run / "resolved.toml");
  EXPECT_THAT(resolved, HasSubstr("loss = { plugin = \"org.kith.nt_xent\", temperature = 0.1"));
  EXPECT_THAT(resolved, HasSubstr("keep_checkpoints = 2"));
  std::vector<std::string> checkpoints;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints"))
    checkpoints.push_back(entry.path().filename().string());
  EXPECT_THAT(checkpoints, testing::UnorderedElementsAre("step-000000027.safetensors",
                                                         "step-000000036.safetensors"));
}

TEST_F(RunTest, ResolvedExperimentRunsAndGivesTheSameNumbers) {
  const auto first = run(kSmallExperiment);
  expect_equal_runs(run(read_text(first / "resolved.toml")), first);
}

TEST_F(RunTest, TellsOfALossThatStaysAtChance) {
  const auto outcome = kith({"run", experiment(kSmallExperiment), "--set", "train.epochs=15",
                             "--set", "method.loss.temperature=1000"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  // 64 rows, so ln 63. Guards look every 50 steps.
  EXPECT_THAT(outcome.err, testing::ContainsRegex(
                               "loss 'org.kith.nt_xent': pinned at 4.14.. from step 1 to step "
                               "135, where chance is 4.1431 .all candidates look alike.: "
                               "nothing is learnt;"));
}

TEST_F(RunTest, SecondRunMovesTheLink) {
  const auto file = experiment(replaced(kSmallExperiment, "epochs = 4", "epochs = 1"));
  EXPECT_EQ(kith({"run", file}).code, 0);
  const auto first = fs::canonical(runs() / "small-latest");
  EXPECT_EQ(kith({"run", file}).code, 0);
  EXPECT_NE(fs::canonical(runs() / "small-latest"), first);
  EXPECT_EQ(made_runs().size(), 2U);
}

TEST_F(RunTest, LogHasALineForEveryStepAndEveryNumber) {
  const auto folder = run(kSmallExperiment);
  std::int64_t steps = 0, results = 0;
  for (const auto& line : read_log(folder)) {
    if (line.contains("metric")) {
      EXPECT_TRUE(line["value"].is_number());
      ++results;
      continue;
    }
    EXPECT_EQ(line["step"], ++steps);
    EXPECT_DOUBLE_EQ(line["epoch"].get<double>(), static_cast<double>(steps) / 9);
    EXPECT_GT(line["loss"].get<double>(), 0);
    EXPECT_GE(line["learning_rate"].get<double>(), 0);
  }
  EXPECT_EQ(steps, 36);
  EXPECT_EQ(results,
            14);  // plain and centred: three rows on val after 2 epochs, one after 4, three on test
  EXPECT_THAT(read_text(folder / "log.jsonl"), HasSubstr("\"images_per_s\":"));
}

TEST_F(RunTest, SetChangesAValueAndTheResolvedExperimentHasIt) {
  const auto folder =
      run(kSmallExperiment, {"--set", "train.epochs=1", "--set", "method.loss.temperature=0.5"});
  EXPECT_THAT(read_text(folder / "resolved.toml"), HasSubstr("temperature = 0.5"));
  EXPECT_EQ(newest_checkpoint(folder).filename(), "step-000000009.safetensors");
}

TEST_F(RunTest, RunsWithLabelsOnAFolderOfImages) {
  write_image_folder(folder() / "pictures", 24, 16);
  auto text = replaced(kSmallExperiment, "reader = \"idx\"\npath = \"data\"",
                       "reader = \"image_folder\"\npath = \"pictures\"");
  text = replaced(text, "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8",
                  "plugin = \"supervised\"");
  text = replaced(text, "count = 2", "count = 1");
  const auto outcome =
      kith({"run", experiment(replaced(text, "batch_size = 32", "batch_size = 8"))});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("small: supervised on "));
  EXPECT_THAT(outcome.out, HasSubstr("  trained encoder "));
}

constexpr const char* kReadTrainedRows = R"(
import sys, h5py, hashlib, collections
f = h5py.File(sys.argv[1] + '/run.h5')
rows = f['samples/train/trained_rows'][:]
assert f.attrs['train_images'] == len(rows) == 42 and (rows[1:] > rows[:-1]).all(), rows
names, labels = f['samples/train/path'].asstr()[:], f['samples/train/label'][:]
assert len(names) == 295 and f['features/encoder/features/train'].shape[0] == 295
number = lambda i: int.from_bytes(hashlib.sha256(('1/' + names[i]).encode()).digest()[:8], 'big')
ranked = []
for label in range(4):
    of_class = sorted((i for i in range(295) if labels[i] == label), key=number)
    ranked += [(rank, number(i), i) for rank, i in enumerate(of_class)]
assert sorted(i for _, _, i in sorted(ranked)[:42]) == list(rows), rows
print('read')
)";

TEST_F(RunTest, TrainsOnFewerImagesAndSaysWhich) {
  const auto outcome = kith({"run", experiment(kSmallExperiment), "--folder", "run", "--set",
                             "data.train_images=42", "--set", "train.batch_size=16"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("small: simclr on 42 training images, 4 epochs of 2 steps of 16 images\n"));
  EXPECT_THAT(read_text(folder() / "run" / "resolved.toml"), HasSubstr("train_images = 42\n"));
  const auto python = host::find_python("h5py, numpy");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py; KITH_PYTHON may name one";
  const auto result = host::run_python(python, kReadTrainedRows, (folder() / "run").string());
  EXPECT_EQ(result.output, "read\n");
}

TEST_F(RunTest, TellsOfAQueueThatIsLongerThanTheData) {
  environment["KITH_PLUGIN_PATH"] = KITH_METHOD_FIXTURES;
  const auto file = experiment(replaced(kSmallExperiment,
                                        "plugin = \"simclr\"\nhead_width = 16\nembedding_width = 8",
                                        "plugin = \"queue_method\"\nqueue_size = 64"));
  const std::string text =
      "method.queue: the queue has 64 rows, and 40 images are trained on: an image's own keys";
  const auto run = kith({"run", file, "--set", "data.train_images=40", "--set", "train.epochs=1"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr(text));
  const auto check = kith({"check", file, "--set", "data.train_images=40"});
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("warning: " + text));
  EXPECT_THAT(check.out,
              testing::ContainsRegex("trained on +40 images of train, 10 of each class\n"));
  EXPECT_THAT(kith({"check", file}).out, Not(HasSubstr("warning")));
}

TEST_F(RunTest, DumpToolReadsTheResults) {
  const auto folder = run(kSmallExperiment);
  const auto outcome = start({"h5dump", "-H", (folder / "run.h5").string()});
  if (outcome.code == 127) GTEST_SKIP() << "h5dump is not installed";
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* text :
       {"GROUP \"features\"", "GROUP \"samples\"", "GROUP \"metrics\"", "class_names",
        "ATTRIBUTE \"resolved_experiment\"", "ATTRIBUTE \"plugins\"", "ATTRIBUTE \"kith_commit\""})
    EXPECT_THAT(outcome.out, HasSubstr(text));
}

constexpr const char* kReadResults = R"(
import os, sys, h5py, numpy
f = h5py.File(sys.argv[1] + '/run.h5')
for split, n in (('train', 295), ('val', 25), ('test', 80)):
    x = f['features/encoder/features/' + split]
    assert x.shape == (n, 64) and x.dtype == numpy.float32, x
    assert numpy.isfinite(x[:]).all() and x[:].std() > 0
    assert x.chunks == (min(n, 256), 64), x.chunks
    y = f['samples/%s/label' % split]
    assert y.shape == (n,) and set(y[:]) == {0, 1, 2, 3}
    assert list(y.attrs['class_names']) == ['0', '1', '2', '3'], y.attrs['class_names']
    p = f['samples/%s/path' % split].asstr()[:]
    assert len(set(p)) == n, p
loss = f['metrics/train/loss']
assert loss.shape == (36,) and loss.dtype.names == ('step', 'epoch', 'value'), loss.dtype
assert list(loss['step']) == list(range(1, 37))
top1 = f['metrics/knn/test/trained/plain/top1']
assert 0.25 < top1['value'][-1] <= 1 and top1.attrs['unit'] == '1', top1[:]
a = f.attrs
for name in ('resolved_experiment', 'kith_commit', 'kith_version', 'libtorch_version', 'device', 'started', 'finished'):
    assert a[name], name
assert a['images_per_s'] > 0 and 0 <= a['waiting_share'] <= 1 and a['peak_memory_bytes'] > 2**20
assert a['rows_filled'] == 0 and ('peak_device_memory_bytes' in a) == a['device'].startswith('cuda')
assert a['seed'] == 1 and a['device'] == ('cpu' if os.environ.get('KITH_DEVICE', 'cpu') == 'cpu' else 'cuda:0') and a['test_reads'] == 1
assert any(p.startswith('org.kith.nt_xent 0.1.0 ') and len(p.split()[2]) == 64 for p in a['plugins']), a['plugins']
print('read')
)";

TEST_F(RunTest, PythonReadsFeaturesSamplesMetricsAndAttributes) {
  const auto python = host::find_python("h5py, numpy");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py; KITH_PYTHON may name one";
  const auto result = host::run_python(python, kReadResults, run(kSmallExperiment).string());
  EXPECT_EQ(result.output, "read\n");
}

constexpr const char* kReadCheckpoint = R"(
import json, os, struct, sys
with open(sys.argv[1], 'rb') as f:
    size, = struct.unpack('<Q', f.read(8))
    header = json.loads(f.read(size))
    data = f.read()
meta = header.pop('__metadata__')
assert 'org.kith.convnet 0.1.0 ' in meta['plugins'], meta
assert max(t['data_offsets'][1] for t in header.values()) == len(data)
w = header['encoder.layers.0.weight']
assert w['dtype'] == 'F32' and w['shape'] == [8, 1, 3, 3], w
values = struct.unpack('<72f', data[w['data_offsets'][0]:w['data_offsets'][1]])
assert all(v == v and abs(v) < 10 for v in values) and len(set(values)) == 72
assert any(name.startswith('optimizer/') for name in header)
print('read')
)";

TEST_F(RunTest, PythonReadsACheckpointByTheFormatsDefinition) {
  const auto python = host::find_python("json");
  if (python.empty()) GTEST_SKIP() << "no Python";
  const auto result =
      host::run_python(python, kReadCheckpoint, newest_checkpoint(run(kSmallExperiment)).string());
  EXPECT_EQ(result.output, "read\n");
}

/// The Python of a README, run as a user runs it.
TEST_F(RunTest, TheReadmesProgramReadsTheRun) {
  const auto made = run(kSmallExperiment);
  const auto readme = read_text(KITH_SOURCE_DIR "/host/store/README.md");
  const std::string begin = "```python\nimport h5py\n";
  const auto from = readme.find(begin);
  ASSERT_NE(from, std::string::npos);
  const auto code = from + std::string("```python\n").size();
  const auto program = replaced(readme.substr(code, readme.find("```", code) - code),
                                "runs/demo-latest/run.h5", (made / "run.h5").string());
  const auto python = host::find_python("h5py");
  if (python.empty()) GTEST_SKIP() << "no Python with h5py";
  const auto outcome = host::run_python(python, program, "");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, testing::StartsWith("(80, 64) 0 "));
  EXPECT_THAT(outcome.output, HasSubstr("\nname = \"small\"\nseed = 1\n"));
}

/// Each attribute that the README of run.h5 names, and each that a run writes.
TEST_F(RunTest, TheReadmeNamesTheAttributesOfRunH5) {
  const auto readme = read_text(KITH_SOURCE_DIR "/host/store/README.md");
  const auto made = run(kSmallExperiment);
  const auto names = read_attribute_names(made);
  EXPECT_GT(names.size(), 20u);
  for (const auto& name : names) EXPECT_THAT(readme, HasSubstr("`" + name + "`"));
  for (const char* name : {"name",
                           "seed",
                           "device",
                           "resolved_experiment",
                           "experiment_folder",
                           "plugins",
                           "kith_version",
                           "kith_commit",
                           "libtorch_version",
                           "tensor_threads",
                           "loader_threads",
                           "val_rule",
                           "train_images",
                           "test_reads",
                           "started",
                           "finished",
                           "data_identity",
                           "images_left_out",
                           "rows_filled",
                           "images_per_s",
                           "waiting_share",
                           "peak_memory_bytes"})
    EXPECT_THAT(names, testing::Contains(name));
  EXPECT_TRUE(read_datasets(made).contains("/metrics/knn/test/trained/plain/top1"));
}

}  // namespace
}  // namespace kith::integration
