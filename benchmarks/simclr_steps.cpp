// SPDX-License-Identifier: Apache-2.0
#include "simclr_steps.h"

#include <ATen/ATen.h>

#include <stdexcept>

#include "native_networks.h"
#include "open_for_benchmark.h"
#include "train/training_step.h"

namespace kith::benchmarks {
namespace {

constexpr std::int64_t kBatch = 64;  // images; the encoder sees twice as many rows
constexpr std::int64_t kBatches = 4;

struct Network {
  const char* name;
  const char* file;
  OptionSettings options;
  std::int64_t channels, side;  // of the views
  std::unique_ptr<NativeSimClr> (*native)(const host::State&);
};

const std::vector<Network>& networks() {
  static const std::vector<Network> all{
      {"mlp",
       "benchmarks/mlp.so",
       {{"widths", {std::int64_t{256}, std::int64_t{256}}}},
       1,
       20,
       [](const host::State& state) { return make_native_mlp(state, 2); }},
      {"resnet18_eighth",
       "plugins/encoders/resnet.so",
       {{"stem", {"cifar"}}, {"width", {0.125}}},
       3,
       32,
       make_native_resnet},
      {"resnet18_quarter",
       "plugins/encoders/resnet.so",
       {{"stem", {"cifar"}}, {"width", {0.25}}},
       3,
       32,
       make_native_resnet}};
  return all;
}

const Network& get_network(const std::string& name) {
  for (const auto& network : networks())
    if (network.name == name) return network;
  throw std::runtime_error("step: no network '" + name + "'");
}

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

class KithSteps : public SimClrSteps {
 public:
  explicit KithSteps(const Network& network)
      : batches_(make_batches(network)), job_(settings(network), host::make_single_rank()) {
    job_.add_role("encoder", open_for_benchmark(network.file, network.options));
    job_.make_method(
        open_for_benchmark("plugins/methods/simclr.so", {},
                           {{"loss", open_for_benchmark("plugins/losses/nt_xent.so", {})}}));
    training_ =
        std::make_unique<host::TrainingStep>(job_, sgd_experiment(), /*steps_per_epoch=*/1000000);
  }
  double step() override {
    auto& batch = batches_[static_cast<std::size_t>(step_ % kBatches)];
    return training_->run(batch, step_++).item<double>();
  }
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

  std::vector<kith_step_s> batches_;
  host::Job job_;
  std::unique_ptr<host::TrainingStep> training_;
  std::int64_t step_ = 0;
};

class NativeSteps : public SimClrSteps {
 public:
  explicit NativeSteps(const Network& network)
      : batches_(make_batches(network)), native_(network.native(KithSteps(network).state())) {}
  double step() override {
    const auto& views = batches_[static_cast<std::size_t>(step_++ % kBatches)].views;
    return native_->step(views[0], views[1]).item<double>();
  }

 private:
  std::vector<kith_step_s> batches_;
  std::unique_ptr<NativeSimClr> native_;
  std::int64_t step_ = 0;
};

}  // namespace

std::vector<std::string> step_networks() {
  std::vector<std::string> names;
  for (const auto& network : networks()) names.emplace_back(network.name);
  return names;
}

std::unique_ptr<SimClrSteps> make_kith_steps(const std::string& network) {
  return std::make_unique<KithSteps>(get_network(network));
}

std::unique_ptr<SimClrSteps> make_native_steps(const std::string& network) {
  return std::make_unique<NativeSteps>(get_network(network));
}

}  // namespace kith::benchmarks
