// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kith::host {

/// What a plugin's option holds. The numbers are those of the note (see note_reader.h).
enum class OptionType { kBool, kInt, kReal, kString, kChoice, kPath, kPlugin, kSchedule };

/// A value that moves over training: "constant" (start == end), "cosine" or "linear" from start to
/// end.
struct Schedule {
  std::string kind = "constant";
  double start = 0;
  double end = 0;
};

using OptionScalar = std::variant<bool, std::int64_t, double, std::string, Schedule>;

/// The values that an option takes where a choice option of the same plugin has a certain word.
struct OptionPreset {
  std::string option;  ///< the choice option
  std::string word;    ///< one of its choices, not the first
  std::vector<OptionScalar> values;
  /// In place of values: what the host measures on train, "channel_mean" or "channel_std".
  std::string measured;
};

/// One option that a plugin declares; everything that the host needs to check a TOML value.
struct OptionSpec {
  std::string name;
  OptionType type = OptionType::kString;
  bool is_list = false;
  std::uint32_t min_length = 0;  ///< of a list, inclusive
  std::uint32_t max_length = 0;  ///< of a list, inclusive
  /// One value; of a list all of them (a list's may be empty).
  std::vector<OptionScalar> defaults;
  std::optional<OptionScalar> min,
      max;  ///< closed range of each value; int64 for kInt, else double
  std::string unit, help;
  std::vector<std::string> choices;  ///< of kChoice, the first is the default
  std::string plugin_kind;           ///< of kPlugin: "loss", ...
  std::vector<OptionPreset> presets;
};

/// Something that a plugin declares about itself, read per kind: ("input", "query", "N C",
/// "unit_rows gradient").
struct Fact {
  std::string group, name, value, flags;
};

/// An operator that the plugin's code calls.
struct OperatorUse {
  std::string name;
  bool required = true;  ///< false: the plugin asks whether it is there
};

/// All that a plugin's file says without being loaded.
struct PluginMetadata {
  std::string tier;         ///< "portable/1"
  std::string sdk_version;  ///< "0.1.0"
  std::string id;           ///< "org.kith.nt_xent"
  std::string name;         ///< short: the id's last component
  std::string version, licence, summary, authors, url;
  std::string interface_id;  ///< "kith.loss/1"
  std::string kind;          ///< "loss", "encoder", "method", "augmentation", "evaluation"
  std::string compiler;
  std::vector<std::string> required_services, optional_services;
  std::vector<OptionSpec> options;
  std::vector<Fact> facts;
  std::vector<OperatorUse> operators;
};

}  // namespace kith::host
