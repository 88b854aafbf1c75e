// SPDX-License-Identifier: Apache-2.0
//
// Where a network declares its parameters and buffers. The host owns them.
#pragma once

#include <kith/abi/module.h>

#include <cmath>
#include <kith/operators.hpp>

namespace kith {

/// What a parameter is; an experiment's `no_decay` and `no_adaptation` choose by it.
enum class Kind : std::uint32_t {
  kWeight = KITH_WEIGHT,
  kBias = KITH_BIAS,
  kNormScale = KITH_NORM_SCALE,
  kNormShift = KITH_NORM_SHIFT,
  kPositionTable = KITH_POSITION_TABLE,
  kClassToken = KITH_CLASS_TOKEN,
  kLogScale = KITH_LOG_SCALE,
  kWeightNormGain = KITH_WEIGHT_NORM_GAIN,
};

/// How a tensor begins. The numbers are drawn by the host, keyed by seed and full name.
namespace init {
inline kith_init constant(double value) { return {KITH_INIT_CONSTANT, 0, value, 0}; }
inline kith_init uniform(double low, double high) { return {KITH_INIT_UNIFORM, 0, low, high}; }
inline kith_init normal(double mean, double deviation) {
  return {KITH_INIT_NORMAL, 0, mean, deviation};
}
/// Cut at two deviations.
inline kith_init truncated_normal(double deviation) {
  return {KITH_INIT_TRUNCATED_NORMAL, 0, 0, deviation};
}
inline kith_init unit_rows() { return {KITH_INIT_UNIT_ROWS, 0, 0, 0}; }
/// Normal with deviation sqrt(2 / fan_out): torchvision's choice for convolutions before a ReLU.
inline kith_init kaiming_normal_fan_out(std::int64_t fan_out) {
  return normal(0, std::sqrt(2.0 / static_cast<double>(fan_out)));
}
/// Uniform in +-1 / sqrt(fan_in): PyTorch's default for Linear and Conv2d.
inline kith_init fan_in_uniform(std::int64_t fan_in) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  return uniform(-bound, bound);
}
}  // namespace init

namespace detail {
inline const kith_module_api& modules() {
  static const auto& api = service<kith_module_api>(KITH_MODULE_SERVICE);
  return api;
}
inline kith_text text(std::string_view s) { return {s.data(), s.size()}; }
}  // namespace detail

/// A place for names: `scope / "layer1" / 0` declares "layer1.0.<name>". Cheap to copy. [main
/// thread]
class Scope {
 public:
  Scope(kith_instance instance, std::string prefix)
      : instance_(instance), prefix_(std::move(prefix)) {}

  Scope operator/(std::string_view name) const { return {instance_, join(name)}; }
  Scope operator/(std::int64_t index) const {
    return *this / std::string_view(std::to_string(index));
  }

  /// A trained tensor in the job's compute dtype. For the export kind see `buffer`.
  /// @throws PluginError if the name is taken.
  Tensor parameter(std::string_view name, std::initializer_list<std::int64_t> sizes,
                   const kith_init& begin, Kind kind, std::string_view export_kind = {}) const {
    kith_tensor out = nullptr;
    const auto full = join(name);
    detail::check(detail::modules().parameter(
        instance_, detail::text(full), sizes.begin(), static_cast<std::uint32_t>(sizes.size()),
        &begin, static_cast<std::uint32_t>(kind), detail::text(export_kind), &out));
    return Tensor::adopt(out);
  }

  /// An untrained tensor that is part of the state: the host saves it, and keeps it equal over
  /// ranks.
  /// @param dtype        none: the job's compute dtype.
  /// @param export_kind  "queue", "memory_bank", "prototypes", "centre", "scalar": its place in
  /// run.h5; "" for none.
  Tensor buffer(std::string_view name, std::initializer_list<std::int64_t> sizes,
                const kith_init& begin, std::optional<Dtype> dtype = {},
                std::string_view export_kind = {}) const {
    kith_tensor out = nullptr;
    const auto full = join(name);
    detail::check(detail::modules().buffer(
        instance_, detail::text(full), sizes.begin(), static_cast<std::uint32_t>(sizes.size()),
        dtype ? static_cast<std::int32_t>(*dtype) : -1, &begin, detail::text(export_kind), &out));
    return Tensor::adopt(out);
  }

  kith_instance instance() const { return instance_; }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string join(std::string_view name) const {
    return prefix_.empty() ? std::string(name) : prefix_ + "." + std::string(name);
  }

  kith_instance instance_;
  std::string prefix_;
};

}  // namespace kith
