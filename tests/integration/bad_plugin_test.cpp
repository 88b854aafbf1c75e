// SPDX-License-Identifier: Apache-2.0
// Plugins that can't be used: a text of four lines, and the program lives on.
#include <gmock/gmock.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "run_contents.h"
#include "small_data.h"
#include "workshop.h"

namespace kith::integration {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string with_loss_file(const std::string& file) {
  return replaced(kSmallExperiment, "head_width",
                  "loss = { plugin = { file = \"" + file + "\" } }\nhead_width");
}

class BadPluginTest : public Workshop {
 protected:
  BadPluginTest() {
    write_idx_data(folder() / "data");
    fs::create_directories(folder() / "plugins");
  }

  /// The error of a run with a loss named by its file; it has the four lines.
  std::string refusal_of(const std::string& name) const {
    const auto error = error_of_run(with_loss_file("plugins/" + name + ".so"));
    EXPECT_THAT(error, ContainsRegex("KITH-[0-9]{3} .*" + name));
    EXPECT_THAT(error, ContainsRegex("\n  plugin : .*\n  host   : .*\n  do     : .*\n"));
    return error;
  }
  std::string refusal_of_fixture(const std::string& name) const {
    take_plugin(KITH_PLUGIN_FIXTURES, name);
    return refusal_of(name);
  }
};

TEST_F(BadPluginTest, FileThatIsAbsentIsNamed) {
  const auto error = refusal_of("absent");
  EXPECT_THAT(error, HasSubstr("KITH-201 'absent.so' cannot be read as a plugin"));
  EXPECT_THAT(error, HasSubstr("absent.so: No such file or directory"));
}

/// What is read of a plugin is what its tables take, however large the file is.
TEST_F(BadPluginTest, AHugeFileIsReadInPieces) {
  take_plugin(KITH_PLUGIN_FIXTURES, "complete");
  const auto file = folder() / "plugins" / "complete.so";
  const auto small = kith({"plugin", "inspect", file.string()});
  ASSERT_EQ(small.code, 0) << small.err;
  fs::resize_file(file, std::uintmax_t{200} << 20);
  const auto huge = kith({"plugin", "inspect", file.string()});
  EXPECT_EQ(huge.code, 0) << huge.err;
  EXPECT_THAT(huge.out, HasSubstr("org.test.complete"));
  std::printf("inspecting 200 MiB took %ld KiB more than the file without padding, %ld KiB\n",
              huge.peak_memory_kib - small.peak_memory_kib, small.peak_memory_kib);
  EXPECT_LT(huge.peak_memory_kib - small.peak_memory_kib, 16 << 10);
}

TEST_F(BadPluginTest, TextNamedAsALibraryIsRefused) {
  write_text(folder() / "plugins" / "text.so", "I am text\n");
  const auto error = refusal_of("text");
  EXPECT_THAT(
      error,
      HasSubstr("method.loss: KITH-206 'text.so' is no plugin for this machine: not an ELF file "
                "(experiment.toml:16:19)"));
}

TEST_F(BadPluginTest, TruncatedPluginIsRefused) {
  auto bytes = read_text(shipped_plugins() / "losses" / "nt_xent.so");
  bytes.resize(bytes.size() / 2);
  write_text(folder() / "plugins" / "half.so", bytes);
  EXPECT_THAT(refusal_of("half"), HasSubstr("KITH-207 'half.so' is truncated or damaged"));
}

TEST_F(BadPluginTest, LibraryThatIsNoPluginIsRefused) {
  EXPECT_THAT(refusal_of_fixture("no_note"), HasSubstr("KITH-301"));
}

TEST_F(BadPluginTest, MissingEntryIsRefused) {
  EXPECT_THAT(refusal_of_fixture("no_entry"), HasSubstr("KITH-314"));
}

TEST_F(BadPluginTest, OperatorThatThisLibTorchLacksIsNamed) {
  const auto error = refusal_of_fixture("operator");
  EXPECT_THAT(error, HasSubstr("KITH-307"));
  EXPECT_THAT(error, HasSubstr("aten::no_such_op"));
}

TEST_F(BadPluginTest, ServiceThatThisHostLacksIsNamed) {
  const auto error = refusal_of_fixture("service");
  EXPECT_THAT(error, HasSubstr("KITH-306"));
  EXPECT_THAT(error, HasSubstr("kith.time_machine/1"));
}

TEST_F(BadPluginTest, ServiceOfALaterRevisionIsNamed) {
  const auto error = refusal_of_fixture("newer_service");
  EXPECT_THAT(error, HasSubstr("KITH-306 'org.test.newer_service' 0.1.0 needs services that this "
                               "host lacks: kith.tensor/2"));
  EXPECT_THAT(error, HasSubstr("newer_service.so, requires kith.tensor/2\n"));
}

TEST_F(BadPluginTest, HandshakeThatFailsIsRefused) {
  EXPECT_THAT(refusal_of_fixture("plugin_newer"),
              HasSubstr("KITH-401 'org.test.plugin_newer' 0.1.0 gave a plugin table of "
                        "version 2, wanted 1"));
}

TEST_F(BadPluginTest, StaticInitialiserThatThrowsEndsAChildProcessOnly) {
  EXPECT_THAT(refusal_of_fixture("throw"), HasSubstr("KITH-316"));
}

TEST_F(BadPluginTest, StaticInitialiserThatAbortsEndsAChildProcessOnly) {
  const auto error = refusal_of_fixture("abort");
  EXPECT_THAT(error, HasSubstr("KITH-316"));
  EXPECT_THAT(error, ContainsRegex("SIGABRT|[Aa]bort|signal 6"));
}

TEST_F(BadPluginTest, EntryThatFailsIsRefused) {
  EXPECT_THAT(refusal_of_fixture("entry_fails"), ContainsRegex("KITH-(316|401)"));
}

TEST_F(BadPluginTest, ConstructorThatThrowsIsNamedWithItsText) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "throwing_constructor");
  const auto error = error_of_run(with_loss_file("plugins/throwing_constructor.so"));
  EXPECT_THAT(error, HasSubstr("org.test.throwing_constructor: constructor: "));
  EXPECT_THAT(error, HasSubstr("thrown by the constructor"));
}

TEST_F(BadPluginTest, PluginOfAnotherKindNamesBothKinds) {
  EXPECT_THAT(
      error_of_run(with_loss_file((shipped_plugins() / "encoders" / "convnet.so").string())),
      HasSubstr("convnet.so is an encoder, wanted a loss"));
}

TEST_F(BadPluginTest, BadPluginsThatNobodyNamesStopNoRun) {
  for (const char* name : {"no_note", "no_entry", "operator", "service", "throw", "abort"})
    take_plugin(KITH_PLUGIN_FIXTURES, name);
  write_text(folder() / "plugins" / "text.so", "I am text\n");
  const auto outcome = kith({"run", experiment(kSmallExperiment)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(BadPluginTest, GoodPluginBesideTheExperimentIsFoundByItsName) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "nearness_loss");
  const auto made = run(replaced(kSmallExperiment, "head_width",
                                 "loss = { plugin = \"nearness_loss\", weight = 2 }\nhead_width"));
  EXPECT_THAT(read_text(made / "resolved.toml"), HasSubstr("org.test.nearness_loss"));
}

TEST_F(BadPluginTest, GoodPluginInThePathIsFoundByItsName) {
  environment["KITH_PLUGIN_PATH"] = KITH_INTEGRATION_PLUGINS;
  run(replaced(kSmallExperiment, "head_width", "loss = \"nearness_loss\"\nhead_width"));
}

TEST_F(BadPluginTest, AugmentationThatWritesBeyondItsViewIsRefusedBeforeTraining) {
  for (const auto& [name, what] :
       {std::pair{"beyond_view", "its view of [1, 12, 12], wrote 4 bytes beyond the end"},
        {"beyond_scratch", "its scratch space of 5 numbers, wrote 4 bytes beyond the end"}}) {
    const auto id = std::string("augmentation_") + name;
    const auto error = error_of_run(replaced(
        kSmallExperiment, "{ plugin = \"flip\"",
        "{ plugin = { file = \"" KITH_BUILD_DIR "/tests/fixtures/unsound/" + id + ".so\" }"));
    EXPECT_THAT(error, HasSubstr("augmentation '" + id + "' must keep to " + what));
  }
}

TEST_F(BadPluginTest, ConstructorThatEndsTheProcessIsAnError) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "exiting_constructor");
  const auto error = error_of_run(with_loss_file("plugins/exiting_constructor.so"));
  EXPECT_THAT(error, HasSubstr("kith: a plugin ended the process with exit(); the last one that "
                               "was called: org.test.exiting_constructor\n"));
}

TEST_F(BadPluginTest, LossThatIsNotFiniteStopsTheRunWithTheStep) {
  take_plugin(KITH_INTEGRATION_PLUGINS, "failing_loss");
  const auto outcome =
      kith({"run", experiment(with_loss_file("plugins/failing_loss.so")), "--folder", "failed"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(
      outcome.err,
      HasSubstr(
          "training: the loss is not finite at step 4 (got inf); try a lower optimizer.base_lr "
          "(now 0.00"));
  EXPECT_EQ(read_log(folder() / "failed").size(), 4U);  // what went well before is kept
}

}  // namespace
}  // namespace kith::integration
