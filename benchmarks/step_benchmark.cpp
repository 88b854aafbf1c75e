// SPDX-License-Identifier: Apache-2.0
//
// Whole training steps of SimCLR through the border against the same program in LibTorch's own C++:
// one thread, equal parameters at the start, equal batches; the losses are compared before anything
// is timed.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "border_benchmarks.h"
#include "native_networks.h"
#include "open_for_benchmark.h"
#include "pairs.h"
#include "train/training_step.h"

namespace kith::benchmarks {
namespace {

constexpr std::int64_t kBatch = 64;  // images; the encoder sees twice as many rows
constexpr std::int64_t kBatches = 4;

struct Network {
  const char* file;
  OptionSettings options;
  std::int64_t channels, side;  // of the views
  std::unique_ptr<NativeSimClr> (*native)(const host::State&);
  int steps;  // in one measurement
};

const Network kMlp{"benchmarks/mlp.so",
                   {{"widths", {std::int64_t{256}, std::int64_t{256}}}},
                   1,
                   20,
                   [](const host::State& state) { return make_native_mlp(state, 2); },
                   20};
const Network kResNetEighth{"plugins/encoders/resnet.so",
                            {{"stem", {"cifar"}}, {"width", {0.125}}},
                            3,
                            32,
                            make_native_resnet,
                            1};
const Network kResNetQuarter{"plugins/encoders/resnet.so",
                             {{"stem", {"cifar"}}, {"width", {0.25}}},
                             3,
                             32,
                             make_native_resnet,
                             1};

std::vector<kith_step_s> make_batches(const Network& network) {
  at::manual_seed(1);
  std::vector<kith_step_s> batches(kBatches);
  for (auto& batch : batches) {
    for (int view = 0; view < 2; ++view)
      batch.views.push_back(at::randn({kBatch, network.channels, network.side, network.side}));
    batch.indices = at::arange(kBatch, at::kLong);
  }
  return batches;
}

host::Experiment sgd_experiment() {
  host::Experiment e;
  e.train.epochs = 1;
  e.train.batch_size = kBatch;
  e.optimizer.kind = host::OptimizerKind::kSgd;
  e.optimizer.base_lr = 0.05;
  e.optimizer.weight_decay = 1e-4;
  e.schedule.kind = host::ScheduleKind::kConstant;
  return e;
}

/// The host's side: the plugins that ship, and the step that `kith run` makes.
class Portable {
 public:
  explicit Portable(const Network& network) : job_(settings(network), host::make_single_rank()) {
    job_.add_role("encoder", open_for_benchmark(network.file, network.options));
    job_.make_method(
        open_for_benchmark("plugins/methods/simclr.so", {},
                           {{"loss", open_for_benchmark("plugins/losses/nt_xent.so", {})}}));
    training_ =
        std::make_unique<host::TrainingStep>(job_, sgd_experiment(), /*steps_per_epoch=*/1000000);
  }
  at::Tensor step(kith_step_s& batch) { return training_->run(batch, step_++); }
  const host::State& state() { return job_.state(); }

 private:
  static host::JobSettings settings(const Network& network) {
    host::JobSettings s;
    s.seed = 1;
    s.batch_size = s.train_images = kBatch;
    s.channels = network.channels;
    s.height = s.width = network.side;
    return s;
  }

  host::Job job_;
  std::unique_ptr<host::TrainingStep> training_;
  std::int64_t step_ = 0;
};

/// The largest relative difference of the losses of the first steps.
double compare(Portable& portable, NativeSimClr& native, std::vector<kith_step_s>& batches) {
  double largest = 0;
  for (int i = 0; i < 8; ++i) {
    auto& batch = batches[static_cast<std::size_t>(i % kBatches)];
    const auto one = portable.step(batch).item<double>();
    const auto other = native.step(batch.views[0], batch.views[1]).item<double>();
    largest = std::max(largest, std::abs(one - other) / std::abs(other));
  }
  return largest;
}

void training_step(benchmark::State& state, const Network& network, int pairs) {
  auto batches = make_batches(network);
  Portable portable(network);
  const auto native = network.native(portable.state());
  const auto difference = compare(portable, *native, batches);
  if (!(difference <= 1e-6)) {  // float32: the order of sums may differ, no more
    state.SkipWithError(("the losses differ by " + std::to_string(difference)).c_str());
    return;
  }
  const auto repeat = [&](auto&& step) {
    double last = 0;
    for (int i = 0; i < network.steps; ++i)
      last = step(batches[static_cast<std::size_t>(i % kBatches)]).template item<double>();
    benchmark::DoNotOptimize(last);
  };
  for (auto _ : state) {
    const auto m = measure_pairs(
        pairs,
        [&] { repeat([&](kith_step_s& b) { return native->step(b.views[0], b.views[1]); }); },
        [&] { repeat([&](kith_step_s& b) { return portable.step(b); }); });
    state.SetIterationTime(m.second.wall / network.steps);
    state.counters["native_ms"] = 1e3 * m.first.wall / network.steps;
    state.counters["kith_ms"] = 1e3 * m.second.wall / network.steps;
    state.counters["above_%"] = 100 * (m.ratio.wall - 1);
    state.counters["above_cpu_%"] = 100 * (m.ratio.cpu - 1);
    state.counters["loss_diff"] = difference;
    state.counters["pairs"] = pairs;
  }
}

struct Memory {
  double resident_kib = 0;   ///< of this process
  double allocated_kib = 0;  ///< what malloc has given out and was not given back
};

Memory memory_now() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  const auto heap = ::mallinfo2();
  return {resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024,
          static_cast<double>(heap.uordblks + heap.hblkhd) / 1024};
}

void memory(benchmark::State& state, const Network& network) {
  auto batches = make_batches(network);
  Portable portable(network);
  const auto run = [&](int steps) {
    for (int i = 0; i < steps; ++i)
      portable.step(batches[static_cast<std::size_t>(i % kBatches)]).item<double>();
    return memory_now();
  };
  for (auto _ : state) {
    const auto after200 = run(200), after1200 = run(1000);
    state.counters["kib_at_200"] = after200.resident_kib;
    state.counters["kib_at_1200"] = after1200.resident_kib;
    state.counters["growth_kib"] = after1200.resident_kib - after200.resident_kib;
    state.counters["growth_allocated_kib"] = after1200.allocated_kib - after200.allocated_kib;
  }
}

}  // namespace

void add_step_benchmarks() {
  const auto add = [](const std::string& name, const Network& network, int pairs) {
    benchmark::RegisterBenchmark(
        ("step/" + name).c_str(),
        [&network, pairs](benchmark::State& state) { training_step(state, network, pairs); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  add("mlp", kMlp, 41);
  add("resnet18_eighth", kResNetEighth, 21);
  add("resnet18_quarter", kResNetQuarter, 15);
}

void add_memory_benchmarks() {
  const auto add = [](const std::string& name, const Network& network) {
    benchmark::RegisterBenchmark(("memory/" + name).c_str(),
                                 [&network](benchmark::State& state) { memory(state, network); })
        ->Iterations(1)
        ->Unit(benchmark::kSecond);
  };
  add("mlp", kMlp);
  add("resnet18_eighth", kResNetEighth);
}

}  // namespace kith::benchmarks
