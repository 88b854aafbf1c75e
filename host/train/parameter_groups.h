// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// The experiment's choice of what is exempt, by the name of a kind: "bias", "norm" (scale and
/// shift), "position_table", "class_token", "log_scale". Both are empty by default: recipes differ.
struct ParameterExemptions {
  std::vector<std::string> no_decay;
  std::vector<std::string> no_adaptation;
};

/// The names that ParameterExemptions takes, in the order of their documentation.
const std::vector<std::string>& exemption_names();

/// @throws ConfigError if a list holds a name that is not in exemption_names().
void check_exemptions(const ParameterExemptions& exemptions);

/// Decay and adaptation by the kind of the parameter; learning rate as the default. A weight and a
/// weight-norm gain are never exempt.
ParameterTreatment treatment_of(ParameterKind kind, const ParameterExemptions& exemptions);

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
