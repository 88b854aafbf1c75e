// SPDX-License-Identifier: Apache-2.0
//
// One call of an operator from a plugin against the same call in LibTorch's own C++, on 4 x 4
// floats.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <kith/abi/loss.h>

#include <functional>

#include "border_benchmarks.h"
#include "open_for_benchmark.h"
#include "pairs.h"
#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::benchmarks {
namespace {

constexpr int kPairs = 41;
constexpr std::int64_t kCalls = 5000;  // in one measurement

struct Inputs {
  at::Tensor a = at::arange(16, at::kFloat).view({4, 4}) / 16;
  at::Tensor b = at::arange(16, at::kFloat).view({4, 4}) / 7 - 1;
  at::Tensor index = at::tensor({2, 0, 3, 1}, at::kLong);
};

template <class F>
at::Tensor repeat(F&& call) {
  at::Tensor last;
  for (std::int64_t i = 0; i < kCalls; ++i) last = call();
  return last;
}

/// The plugin's calls: kCalls of one operator.
class PluginCalls {
 public:
  explicit PluginCalls(const std::string& name)
      : plugin_(open_for_benchmark("benchmarks/border_calls.so",
                                   {{"operator", {name}}, {"calls", {kCalls}}})),
        api_(plugin_->api<kith_loss_api>()) {
    const auto args = plugin_->arguments.args();
    host::check_plugin(
        api_.create(nullptr, args.data(), static_cast<std::uint32_t>(args.size()), &self_), name);
  }
  ~PluginCalls() { api_.destroy(self_); }
  PluginCalls(const PluginCalls&) = delete;
  PluginCalls& operator=(const PluginCalls&) = delete;

  at::Tensor operator()(const Inputs& in) const {
    const host::Lent a(in.a), b(in.b), index(in.index);
    const kith_tensor handles[] = {a.get(), b.get(), index.get()};
    kith_tensor out = nullptr;
    host::check_plugin(api_.forward(self_, handles, 3, &out), "border_calls");
    return host::take(out);
  }

 private:
  host::PluginObjectPtr plugin_;
  const kith_loss_api& api_;
  void* self_ = nullptr;
};

using Direct = std::function<at::Tensor(const Inputs&)>;

void call_operator(benchmark::State& state, const std::string& name, const Direct& direct) {
  const Inputs in;
  const PluginCalls plugin(name);
  if (!at::equal(direct(in), plugin(in))) {
    state.SkipWithError("the plugin's result differs");
    return;
  }
  at::Tensor kept;
  for (auto _ : state) {
    const auto m = measure_pairs(kPairs, [&] { kept = direct(in); }, [&] { kept = plugin(in); });
    const double nano = 1e9 / static_cast<double>(kCalls);
    state.SetIterationTime(m.second.cpu / static_cast<double>(kCalls));
    state.counters["direct_ns"] = m.first.cpu * nano;
    state.counters["border_ns"] = m.second.cpu * nano;
    state.counters["above_ns"] = m.difference.cpu * nano;
  }
}

/// `direct` makes one call.
template <class F>
void add(const std::string& group, const std::string& name, F direct) {
  const Direct all = [direct](const Inputs& in) { return repeat([&] { return direct(in); }); };
  benchmark::RegisterBenchmark(
      (group + "/" + name).c_str(),
      [name, all](benchmark::State& state) { call_operator(state, name, all); })
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kNanosecond);
}

}  // namespace

void add_operator_benchmarks() {
  add("frequent", "add", [](const Inputs& in) { return at::add(in.a, in.b); });
  add("frequent", "mul", [](const Inputs& in) { return at::mul(in.a, in.b); });
  add("frequent", "mul_number", [](const Inputs& in) { return at::mul(in.a, 0.5); });
  add("frequent", "relu", [](const Inputs& in) { return at::relu(in.a); });
  add("frequent", "matmul", [](const Inputs& in) { return at::matmul(in.a, in.b); });
  add("other", "transpose", [](const Inputs& in) { return at::transpose(in.a, 0, 1); });
  add("other", "clamp_min", [](const Inputs& in) { return at::clamp_min(in.a, 0.0); });
  add("other", "softmax", [](const Inputs& in) { return at::softmax(in.a, 1); });
  add("other", "linear", [](const Inputs& in) { return at::linear(in.a, in.b); });
  add("other", "linalg_vector_norm",
      [](const Inputs& in) { return at::linalg_vector_norm(in.a, 2.0, {1}, true); });
  add("other", "index_select",
      [](const Inputs& in) { return at::index_select(in.a, 0, in.index); });
  add("other", "cat", [](const Inputs& in) { return at::cat({in.a, in.b}); });
}

}  // namespace kith::benchmarks
