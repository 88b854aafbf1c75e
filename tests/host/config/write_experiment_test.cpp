// SPDX-License-Identifier: Apache-2.0
#include "experiment_fixture.h"

namespace kith::host {
namespace {

class WriteExperimentTest : public ExperimentFixture {
 protected:
  /// Checks that the written text loads to the same settings and the same text, elsewhere too;
  /// returns it.
  std::string round_trip(const std::string& text) const {
    const ResolvedExperiment first = load(text);
    const std::string written = to_resolved_toml(first);
    write("elsewhere/resolved.toml", written);
    const ResolvedExperiment second = load_file("elsewhere/resolved.toml");
    EXPECT_TRUE(same_settings(first.experiment, second.experiment)) << written;
    EXPECT_TRUE(second.warnings.empty());
    EXPECT_EQ(to_resolved_toml(second), written);
    return written;
  }
};

TEST_F(WriteExperimentTest, WritesEveryDefault) {
  EXPECT_EQ(without_folder(round_trip(kSmallExperiment)), R"(name = "small"
seed = 0

[data]
reader = "idx"
path = "data"
val_fraction = 0.1
read_test = true

[encoder]
plugin = "org.kith.convnet"
widths = [16, 32]
weights = ""
note = ""

[method]
plugin = "org.kith.simclr"
loss = { plugin = "org.kith.nt_xent", temperature = 0.1, scale = "paper" }
norm = true

[[views]]
count = 2
size = 28
arithmetic = "pillow8"
augment = []

[eval_view]
size = 28
resize = 28
arithmetic = "pillow8"
augment = []

[train]
epochs = 6
batch_size = 256
precision = "float32"
channels_last = false
accumulation = 1
clip_grad_norm = 0.0
log_every = 50
checkpoint_every_epochs = 1
keep_checkpoints = 2

[guards]
fatal = false
every_steps = 50

[optimizer]
kind = "adamw"
base_lr = 0.004
lr_rule = "none"
weight_decay = 0.0
beta1 = 0.9
beta2 = 0.999
eps = 1e-08
no_decay = []

[schedule]
kind = "cosine"
warmup_epochs = 0.0
warmup_start_lr = 0.0
warmup_reaches_peak = false
end_lr = 0.0
)");
}

TEST_F(WriteExperimentTest, LoadsToTheSameSettingsWhateverIsWritten) {
  catalog_.add("loss", "sum", {plugin_option("inner", "loss", "")});
  const std::string written = round_trip(R"(
name = "all"
seed = 9223372036854775807
[data]
reader = "image_folder"
path = "a \"quoted\\ folder\u007f"
val_fraction = 0.30000000000000004
read_test = false
sha256 = { "b.gz" = "0000000000000000000000000000000000000000000000000000000000000000" }
[encoder.image]
plugin = { file = "./convnet.so" }
weights = "w.safetensors"
note = "tab\tline\nbreak \u00e9"
[encoder.text]
plugin = "resnet"
depth = 152
[method]
plugin = "moco"
ema_momentum = { kind = "cosine", start = 0.996, end = 1 }
loss = { plugin = "sum", inner = { plugin = "info_nce", temperature = 1e-4 } }
[[views]]
count = 1
size = 224
augment = [ { plugin = "flip", probability = 0.1 }, "random_resized_crop", { plugin = "normalise", mean = 1e2 } ]
[[views]]
count = 6
size = 96
arithmetic = "float"
augment = [ { plugin = "random_resized_crop", area = [0.05, 0.4], filter = "bicubic" } ]
[eval_view]
resize = 256
[train]
epochs = 100
batch_size = 1024
precision = "bf16"
channels_last = true
accumulation = 4
clip_grad_norm = 3
[guards]
fatal = true
every_steps = 7
[online_probe]
base_lr = 0.01
[optimizer]
kind = "lars"
base_lr = 0.1
weight_decay = 1e-6
trust = 0.002
form = "classic"
nesterov = true
no_decay = ["norm", "bias"]
no_adaptation = ["bias"]
[schedule]
kind = "step"
warmup_epochs = 2.5
warmup_start_lr = 0.01
warmup_reaches_peak = true
milestones = [60, 80]
factors = [0.5, 0.05]
[[evaluation]]
plugin = "knn"
k = 200
every_epochs = 5
pixels = false
role = "image"
output = "map"
copy = "teacher"
head = "projector"
bank = "memory_bank"
[[evaluation]]
plugin = "knn"
pixels = true
[[evaluation]]
plugin = "view_retrieval"
[[evaluation]]
plugin = "view_retrieval"
augment = []
)");
  EXPECT_NE(written.find("val_fraction = 0.30000000000000004\n"), std::string::npos);
  EXPECT_NE(without_folder(written).find("plugin = { file = \"convnet.so\" }\n"),
            std::string::npos);
  EXPECT_NE(written.find("[encoder.text]\n"), std::string::npos);
  EXPECT_NE(written.find("no_decay = [\"bias\", \"norm\"]\n"), std::string::npos);
}

TEST_F(WriteExperimentTest, WritesWhatTheReaderOfTheFilesUses) {
  const std::string folders =
      round_trip(small_with("reader = \"idx\"\npath = \"data\"\n",
                            "reader = \"image_folder\"\ntrain_path = \"a\"\ntest_path = \"b\"\n"));
  EXPECT_NE(without_folder(folders).find("[data]\nreader = \"image_folder\"\ntrain_path = \"a\"\n"
                                         "test_path = \"b\"\napply_orientation = false\n"
                                         "on_damaged = \"stop\"\nval_fraction = 0.1\n"),
            std::string::npos)
      << folders;
  const std::string cifar = round_trip(small_with("reader = \"idx\"", "reader = \"cifar100\""));
  EXPECT_NE(without_folder(cifar).find("path = \"data\"\nlabels = \"fine\"\nval_fraction"),
            std::string::npos)
      << cifar;
}

// The ids of sweep cells are made of this text: a key that came later stands there only where it
// says something.
TEST_F(WriteExperimentTest, WritesHowOftenTheRateChangesOnlyWhereItIsNotEachStep) {
  const std::string small(kSmallExperiment);
  EXPECT_EQ(round_trip(small + "[schedule]\nevery = \"step\"\n"), round_trip(small));
  EXPECT_NE(round_trip(small + "[schedule]\nevery = \"epoch\"\n").find("\nevery = \"epoch\"\n"),
            std::string::npos);
}

TEST_F(WriteExperimentTest, TellsDifferentSettingsApart) {
  const Experiment first = load(kSmallExperiment).experiment;
  for (const char* override :
       {"name=other", "seed=1", "data.val_fraction=0.2", "encoder.widths=[1]",
        "encoder.plugin=resnet", "method.loss.temperature=2", "method.loss=info_nce",
        "views.0.count=1", "views.0.augment=['flip']", "eval_view.resize=30", "train.log_every=1",
        "optimizer.base_lr=0.1", "schedule.end_lr=0.1", "schedule.every=epoch",
        "data.reader=cifar10", "evaluation=[{ plugin = 'knn' }]"}) {
    EXPECT_FALSE(same_settings(first, load(kSmallExperiment, {override}).experiment)) << override;
  }
  EXPECT_TRUE(
      same_settings(first, load(kSmallExperiment, {"encoder.plugin=org.kith.convnet"}).experiment));
}

}  // namespace
}  // namespace kith::host
