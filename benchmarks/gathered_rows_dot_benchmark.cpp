// SPDX-License-Identifier: Apache-2.0
//
// kith::gathered_rows_dot against a copy of the bank rows and a batched product: forward and
// backward, time and peak memory, with the allocator setting of `kith` for both.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "border_benchmarks.h"
#include "operators/gathered_rows_dot.h"
#include "pairs.h"
#include "peak_memory.h"

namespace kith::benchmarks {
namespace {

constexpr std::int64_t kRows = 256, kPlaces = 16384, kWidth = 128;
constexpr int kPairs = 5;

at::Tensor plain(const at::Tensor& rows, const at::Tensor& bank, const at::Tensor& index) {
  const auto copied = bank.index_select(0, index.flatten()).view({kRows, kPlaces, kWidth});
  return copied.bmm(rows.unsqueeze(2)).squeeze(2);
}

struct Result {
  at::Tensor products, gradient;
};

template <class Form>
Result forward_and_backward(Form&& form, const at::Tensor& rows, const at::Tensor& bank,
                            const at::Tensor& index, const at::Tensor& weights) {
  const auto leaf = rows.detach().requires_grad_(true);
  const auto products = form(leaf, bank, index);
  products.backward(weights);
  return {products.detach(), leaf.grad()};
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
}

void gathered_rows_dot(benchmark::State& state, std::int64_t bank_rows) {
  at::manual_seed(1);
  const auto unit = [](std::int64_t n) {
    const auto x = at::randn({n, kWidth});
    return x.div(x.norm(2, {1}, true));
  };
  const auto rows = unit(kRows), bank = unit(bank_rows), weights = at::randn({kRows, kPlaces});
  const auto index = at::randint(bank_rows, {kRows, kPlaces}, at::kLong);
  const auto copied = [&] { return forward_and_backward(plain, rows, bank, index, weights); };
  const auto read = [&] {
    return forward_and_backward(host::gathered_rows_dot, rows, bank, index, weights);
  };
  const auto difference = [&] {
    const auto a = read(), b = copied();
    return std::max(largest_difference(a.products, b.products),
                    largest_difference(a.gradient, b.gradient));
  }();
  if (!(difference <= 1e-5)) {  // float32: sums of 128 and of 16,384 terms in another order
    state.SkipWithError(
        ("products or gradients differ by " + std::to_string(difference) + " of the largest")
            .c_str());
    return;
  }
  for (auto _ : state) {
    const auto read_mib = peak_mib_of(read), copied_mib = peak_mib_of(copied);
    const auto m = measure_pairs(
        kPairs, [&] { benchmark::DoNotOptimize(copied()); },
        [&] { benchmark::DoNotOptimize(read()); });
    state.SetIterationTime(m.second.wall);
    state.counters["copied_ms"] = 1e3 * m.first.wall;
    state.counters["read_ms"] = 1e3 * m.second.wall;
    state.counters["times_faster"] = 1 / m.ratio.wall;
    state.counters["times_faster_cpu"] = 1 / m.ratio.cpu;
    state.counters["copied_mib"] = copied_mib;
    state.counters["read_mib"] = read_mib;
    state.counters["pairs"] = kPairs;
  }
}

}  // namespace

void add_gathered_rows_dot_benchmarks() {
  for (const std::int64_t bank_rows : {50'000, 1'281'167})
    benchmark::RegisterBenchmark(
        ("gathered_rows_dot/256x16384x128_of_" + std::to_string(bank_rows)).c_str(),
        [bank_rows](benchmark::State& state) { gathered_rows_dot(state, bank_rows); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

}  // namespace kith::benchmarks
