// SPDX-License-Identifier: Apache-2.0
//
// kith::masked_softmax_loss and paired_softmax_loss against the composed forms with all scores at
// once: forward and backward, time and peak memory, with the allocator setting of `kith` for both.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "border_benchmarks.h"
#include "operators/softmax_loss.h"
#include "pairs.h"
#include "peak_memory.h"

namespace kith::benchmarks {
namespace {

constexpr std::int64_t kWidth = 128;
constexpr double kTemperature = 0.1;

at::Tensor unit(std::int64_t rows) {
  const auto x = at::randn({rows, kWidth});
  return x / x.norm(2, {1}, true);
}

struct Result {
  double loss;
  at::Tensor gradient;
};
using Loss = std::function<at::Tensor(const at::Tensor& rows)>;

Result forward_and_backward(const Loss& loss, const at::Tensor& rows) {
  const auto leaf = rows.detach().requires_grad_(true);
  const auto value = loss(leaf);
  value.backward();
  return {value.item<double>(), leaf.grad()};
}

void compare(benchmark::State& state, int pairs, const at::Tensor& rows, const Loss& plain,
             const Loss& tiled) {
  const auto a = forward_and_backward(plain, rows), b = forward_and_backward(tiled, rows);
  const auto gradient =
      (a.gradient - b.gradient).abs().max().item<double>() / a.gradient.abs().max().item<double>();
  // Float32, sums of thousands of terms in another order.
  if (!(std::abs(a.loss - b.loss) <= 1e-6 * std::abs(a.loss) && gradient <= 1e-5)) {
    state.SkipWithError(("the losses differ by " + std::to_string(a.loss - b.loss) +
                         ", the gradients by " + std::to_string(gradient) + " of the largest")
                            .c_str());
    return;
  }
  for (auto _ : state) {
    const auto tiled_mib = peak_mib_of([&] { forward_and_backward(tiled, rows); });
    const auto plain_mib = peak_mib_of([&] { forward_and_backward(plain, rows); });
    const auto m = measure_pairs(
        pairs, [&] { benchmark::DoNotOptimize(forward_and_backward(plain, rows)); },
        [&] { benchmark::DoNotOptimize(forward_and_backward(tiled, rows)); });
    state.SetIterationTime(m.second.wall);
    state.counters["plain_ms"] = 1e3 * m.first.wall;
    state.counters["tiled_ms"] = 1e3 * m.second.wall;
    state.counters["times_faster"] = 1 / m.ratio.wall;
    state.counters["times_faster_cpu"] = 1 / m.ratio.cpu;
    state.counters["plain_mib"] = plain_mib;
    state.counters["tiled_mib"] = tiled_mib;
    state.counters["memory_ratio"] = tiled_mib > 0 ? plain_mib / tiled_mib : 0;
    state.counters["pairs"] = pairs;
  }
}

void masked(benchmark::State& state, std::int64_t n, int pairs) {
  at::manual_seed(1);
  const auto own = at::arange(n), positive = own.roll(n / 2);
  compare(
      state, pairs, unit(n),
      [&](const at::Tensor& x) {
        return host::masked_softmax_loss_composed(x, x, positive, own, kTemperature);
      },
      [&](const at::Tensor& x) {
        return host::masked_softmax_loss(x, x, positive, own, kTemperature);
      });
}

void paired(benchmark::State& state, std::int64_t n, std::int64_t m, int pairs) {
  at::manual_seed(1);
  const auto key = unit(n), queue = unit(m);
  compare(
      state, pairs, unit(n),
      [&](const at::Tensor& x) {
        return host::paired_softmax_loss_composed(x, key, queue, kTemperature);
      },
      [&](const at::Tensor& x) { return host::paired_softmax_loss(x, key, queue, kTemperature); });
}

void add(const std::string& name, std::function<void(benchmark::State&)> run) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(run))
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void add_softmax_loss_benchmarks() {
  add("masked_softmax_loss/256", [](auto& state) { masked(state, 256, 101); });
  add("masked_softmax_loss/8192", [](auto& state) { masked(state, 8192, 7); });
  add("paired_softmax_loss/256x65536", [](auto& state) { paired(state, 256, 65536, 15); });
}

}  // namespace kith::benchmarks
