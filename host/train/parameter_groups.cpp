// SPDX-License-Identifier: Apache-2.0
#include "train/parameter_groups.h"

#include <algorithm>
#include <array>
#include <kith/error.hpp>
#include <sstream>

namespace kith::host {
namespace {

struct KindNames {
  std::string_view name;
  std::string_view exemption;  // empty: never exempt
};

// By the value of ParameterKind.
constexpr std::array<KindNames, 8> kKinds{{
    {"weight", ""},
    {"bias", "bias"},
    {"norm_scale", "norm"},
    {"norm_shift", "norm"},
    {"position_table", "position_table"},
    {"class_token", "class_token"},
    {"log_scale", "log_scale"},
    {"weight_norm_gain", ""},
}};

const KindNames& names_of(ParameterKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  if (index >= kKinds.size()) {
    throw PluginError("parameter groups: a parameter's kind must be in [0, " +
                      std::to_string(kKinds.size() - 1) + "], got " + std::to_string(index));
  }
  return kKinds[index];
}

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

void check_list(const std::vector<std::string>& names, const char* key) {
  for (const std::string& name : names) {
    if (lists(exemption_names(), name)) continue;
    std::string wanted;
    for (const std::string& known : exemption_names()) {
      wanted += (wanted.empty() ? "'" : ", '") + known + "'";
    }
    throw ConfigError("optimizer: a kind of parameter must be one of " + wanted + ", got '" + name +
                      "' (optimizer." + key + ")");
  }
}

}  // namespace

std::string_view parameter_kind_name(ParameterKind kind) { return names_of(kind).name; }

const std::vector<std::string>& exemption_names() {
  static const std::vector<std::string> names{"bias", "norm", "position_table", "class_token",
                                              "log_scale"};
  return names;
}

void check_exemptions(const ParameterExemptions& exemptions) {
  check_list(exemptions.no_decay, "no_decay");
  check_list(exemptions.no_adaptation, "no_adaptation");
}

ParameterTreatment treatment_of(ParameterKind kind, const ParameterExemptions& exemptions) {
  check_exemptions(exemptions);
  const std::string_view exemption = names_of(kind).exemption;
  ParameterTreatment treatment;
  treatment.decays = !lists(exemptions.no_decay, exemption);
  treatment.adapts = !lists(exemptions.no_adaptation, exemption);
  return treatment;
}

std::vector<ParameterGroup> group_parameters(const std::vector<TreatedParameter>& parameters) {
  std::vector<ParameterGroup> groups;
  for (const TreatedParameter& parameter : parameters) {
    auto same = [&](const ParameterGroup& g) { return g.treatment == parameter.treatment; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {parameter.treatment, {}});
    group->names.push_back(parameter.name);
  }
  return groups;
}

std::string describe(const ParameterTreatment& treatment) {
  std::ostringstream text;
  text << (treatment.decays ? "decay" : "no decay")
       << (treatment.adapts ? ", adaptation" : ", no adaptation");
  if (treatment.lr_factor != 1) text << ", learning rate x " << treatment.lr_factor;
  if (treatment.constant_lr) text << ", constant learning rate";
  return text.str();
}

}  // namespace kith::host
