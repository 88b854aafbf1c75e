// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "device.h"
#include "model/job.h"
#include "model/plugin_shelf.h"
#include "train/training_step.h"

/// Jobs made of the plugins in tests/fixtures/methods, which are found and loaded as an
/// experiment's are.
namespace kith::host::test {

/// Options that differ from a plugin's defaults.
using Changes = std::map<std::string, std::vector<OptionScalar>>;

/// All plugins within reach: the fixtures and those that ship.
PluginShelf& fixture_shelf();

/// A plugin, loaded, with its defaults but for the changes.
PluginObjectPtr fixture(const std::string& kind, const std::string& name,
                        const Changes& changes = {});

struct Plan {
  std::string method = "plain_method";
  Changes method_options = {};
  std::string encoder = "small_net";
  Changes encoder_options = {};
  at::ScalarType dtype = at::kDouble;
  at::Device device = test::device();  ///< of ranks that are threads: the CPU
  std::uint64_t seed = 1;
  std::int64_t batch_size = 8;
  std::int64_t steps_per_epoch = 2;
  std::int64_t epochs = 3;
  double base_lr = 0.1;
  ScheduleKind schedule = ScheduleKind::kConstant;
  Precision precision = Precision::kFloat32;
  bool channels_last = false;
  double clip_grad_norm = 0;
  std::int64_t accumulation = 1;
};

/// A job on one channel of 2 x 3 px with two views a batch, trained by plain SGD.
class FixtureJob {
 public:
  explicit FixtureJob(const Plan& plan, std::unique_ptr<Communicator> ranks = make_single_rank());

  /// The batch of a step, the same for the same number; `rows` of it from `first` on.
  kith_step_s batch(std::int64_t number, std::int64_t first = 0, std::int64_t rows = -1) const;
  /// One training step on batch(step).
  at::Tensor run(std::int64_t step);
  /// Forward and backward alone, without the optimiser.
  at::Tensor backward(kith_step_s& step);

  at::Tensor parameter(const std::string& name);
  at::Tensor buffer(const std::string& name);
  std::vector<std::string> parameter_names();

  std::unique_ptr<Job> job;
  std::unique_ptr<TrainingStep> training;

 private:
  Plan plan_;
};

/// The work of each rank on a thread of its own; a failing one wakes the others. The first error is
/// thrown here.
void on_ranks(int ranks, const std::function<void(int rank, std::unique_ptr<Communicator>)>& work);

/// The text of the E that `work` throws; empty if it throws none.
template <class E, class Work>
std::string thrown(Work&& work) {
  try {
    work();
  } catch (const E& e) {
    return e.what();
  }
  return {};
}

}  // namespace kith::host::test
