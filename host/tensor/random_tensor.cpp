// SPDX-License-Identifier: Apache-2.0
#include "tensor/random_tensor.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <kith/error.hpp>
#include <numeric>

namespace kith::host {
namespace {

constexpr std::int64_t kGrain = 1 << 14;  // elements a task: some 0.3 ms

/// A float64 CPU tensor whose element i is number(i).
template <class T, class F>
at::Tensor filled(at::IntArrayRef sizes, at::ScalarType type, F number) {
  auto t = at::empty(sizes, at::TensorOptions(type));
  auto* out = t.data_ptr<T>();
  at::parallel_for(0, t.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) out[i] = number(static_cast<std::uint64_t>(i));
  });
  return t;
}

double truncated_normal_at(const Draw& draw, std::uint64_t i) {
  // Sixteen numbers belong to an element; the first within two deviations is taken (95 % of the
  // first are).
  for (std::uint64_t attempt = 0; attempt < 16; ++attempt) {
    const double x = draw.normal_at(i * 16 + attempt);
    if (x >= -2 && x <= 2) return x;
  }
  return 0;  // probability 0.0455^16
}

}  // namespace

at::Tensor random_uniform(const Draw& draw, at::IntArrayRef sizes, double low, double high,
                          at::TensorOptions o) {
  return filled<double>(sizes, at::kDouble,
                        [&](auto i) { return low + (high - low) * draw.uniform_at(i); })
      .to(o);
}

at::Tensor random_normal(const Draw& draw, at::IntArrayRef sizes, double mean, double deviation,
                         at::TensorOptions o) {
  return filled<double>(sizes, at::kDouble,
                        [&](auto i) { return mean + deviation * draw.normal_at(i); })
      .to(o);
}

at::Tensor random_integers(const Draw& draw, at::IntArrayRef sizes, std::int64_t low,
                           std::int64_t high, at::Device device) {
  if (high <= low)
    throw ShapeError("random integers: wanted low < high, got [" + std::to_string(low) + ", " +
                     std::to_string(high) + ")");
  const auto n = static_cast<std::uint64_t>(high - low);
  return filled<std::int64_t>(
             sizes, at::kLong,
             [&](auto i) { return low + static_cast<std::int64_t>(draw.below_at(i, n)); })
      .to(device);
}

at::Tensor random_permutation(const Draw& draw, std::int64_t n, at::Device device) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Draw fresh = draw;
  fresh.shuffle(std::span<std::int64_t>(order));
  return at::tensor(order, at::kLong).to(device);
}

at::Tensor random_mask(const Draw& draw, at::IntArrayRef sizes, double probability,
                       at::Device device) {
  return filled<bool>(sizes, at::kBool, [&](auto i) { return draw.uniform_at(i) < probability; })
      .to(device);
}

at::Tensor initial_tensor(const kith_init& init, const Draw& draw, at::IntArrayRef sizes,
                          at::TensorOptions o) {
  switch (init.kind) {
    case KITH_INIT_CONSTANT:
      return at::full(sizes, init.a, o);
    case KITH_INIT_UNIFORM:
      return random_uniform(draw, sizes, init.a, init.b, o);
    case KITH_INIT_NORMAL:
      return random_normal(draw, sizes, init.a, init.b, o);
    case KITH_INIT_TRUNCATED_NORMAL:
      return filled<double>(sizes, at::kDouble,
                            [&](auto i) { return init.a + init.b * truncated_normal_at(draw, i); })
          .to(o);
    case KITH_INIT_UNIT_ROWS: {
      const auto rows = random_normal(draw, sizes, 0, 1, at::TensorOptions(at::kDouble));
      return (rows / rows.norm(2, {-1}, true)).to(o);
    }
    default:
      throw ShapeError("initialiser: unknown kind " + std::to_string(init.kind));
  }
}

}  // namespace kith::host
