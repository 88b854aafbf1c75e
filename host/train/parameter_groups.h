// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace kith::host {

/// What a parameter is, as its module declares it. The values are those of kith/abi/module.h.
enum class ParameterKind : std::uint32_t {
  kWeight = 0,
  kBias = 1,
  kNormScale = 2,
  kNormShift = 3,
  kPositionTable = 4,
  kClassToken = 5,
  kLogScale = 6,
  kWeightNormGain = 7,
};

/// "weight", "bias", "norm_scale", ... @throws PluginError on a value that no kind has.
std::string_view parameter_kind_name(ParameterKind kind);

/// How the optimiser treats one parameter.
struct ParameterTreatment {
  bool decays = true;        ///< weight decay applies
  bool adapts = true;        ///< LARS scales the update by the ratio of norms
  double lr_factor = 1;      ///< multiplies the learning rate
  bool constant_lr = false;  ///< the learning rate is the base, not the schedule's

  bool operator==(const ParameterTreatment&) const = default;
};

/// Decay and adaptation by the kind of the parameter, as `no_decay` and `no_adaptation` have it
/// ("norm" is a norm's scale and shift); learning rate as the default. A weight and a weight-norm
/// gain are never exempt.
ParameterTreatment treatment_of(ParameterKind kind, const OptimizerConfig& config);

/// Parameters that are treated alike, by name, in the order in which they were declared.
struct ParameterGroup {
  ParameterTreatment treatment;
  std::vector<std::string> names;
};

/// A parameter's name with its treatment.
struct TreatedParameter {
  std::string name;
  ParameterTreatment treatment;
};

/// The groups, in order of first appearance: what the resolved experiment lists.
std::vector<ParameterGroup> group_parameters(const std::vector<TreatedParameter>& parameters);

/// "decay, adaptation", "no decay, no adaptation, learning rate x 0.1, constant learning rate".
std::string describe(const ParameterTreatment& treatment);

}  // namespace kith::host
