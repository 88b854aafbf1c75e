// SPDX-License-Identifier: Apache-2.0
// How many threads a run has while it trains.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <stdexcept>

#include "interrupted_run.h"
#include "small_data.h"

namespace kith::integration {
namespace {

using testing::ElementsAre;

/// The threads of the process that a run belongs to, as the system counts them.
int count_threads(const std::filesystem::path& run) {
  const auto owner = read_text(run / "run.lock");  // "<pid> on <machine>"
  const auto status = read_text("/proc/" + owner.substr(0, owner.find(' ')) + "/status");
  const std::string key = "\nThreads:";
  return std::stoi(status.substr(status.find(key) + key.size()));
}

/// By host/train/threads.h `tensor` threads compute, the main thread among them (on a CPU
/// LibTorch's automatic differentiation is of the thread that calls it), `loader` threads load, and
/// one that is not counted there writes. Besides, idle during a step:
/// - where `loader` is 0, `tensor` - 1 threads of the loader's own, which help the main thread
///   between steps (LoaderSettings::ahead, data/loader.h);
/// - `tensor` - 1 threads of LibTorch's second pool, which at::set_num_threads makes beside that of
///   OpenMP (caffe2::pthreadpool, for QNNPACK), and which get no work from a run.
class ThreadCountTest : public InterruptedRun {
 protected:
  ThreadCountTest() {
    preload(environment, std::string(KITH_INTEGRATION_PLUGINS) + "/eight_cores.so");
  }

  /// All counts at thirty steps of a run, over ends of epochs and checkpoints.
  std::set<int> counts(int tensor, int loader) const {
    const auto made = folder() / (std::to_string(tensor) + "_" + std::to_string(loader));
    // Evaluations have threads of their own: there is none but that at the end, which never comes.
    const auto text = replaced(kSmallExperiment, "every_epochs = 2\n", "");
    Process process(
        command({"run", experiment(text), "--folder", made.string(), "--device", "cpu", "--set",
                 "train.epochs=100000", "--set", "train.tensor_threads=" + std::to_string(tensor),
                 "--set", "train.loader_threads=" + std::to_string(loader)}));
    std::set<int> seen;
    for (int lines = 10; lines < 40; ++lines) {
      wait_for_steps(process, made, lines);
      if (!process.running()) throw std::runtime_error("the run ended: " + process.wait().err);
      seen.insert(count_threads(made));
    }
    return seen;
  }
};

TEST_F(ThreadCountTest, IsTheTensorThreadTheLoaderThreadsAndTheOneThatWrites) {
  EXPECT_THAT(counts(1, 0), ElementsAre(1 + 0 + 1));
  EXPECT_THAT(counts(1, 1), ElementsAre(1 + 1 + 1));
  EXPECT_THAT(counts(1, 3), ElementsAre(1 + 3 + 1));
}

// Two: with more, OpenMP ends and begins threads as the sizes of the operators' loops change.
TEST_F(ThreadCountTest, HasAThreadWithoutWorkBesideTwoTensorThreads) {
  EXPECT_THAT(counts(2, 2), ElementsAre(2 + 2 + 1 + 1));
}

TEST_F(ThreadCountTest, HasALoaderThreadThatSleepsDuringStepsWhereTwoTensorThreadsLoad) {
  EXPECT_THAT(counts(2, 0), ElementsAre(2 + 0 + 1 + 1 + 1));
}

}  // namespace
}  // namespace kith::integration
