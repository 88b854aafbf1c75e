// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/experiment.h"

namespace kith::host {

/// The TOML word of an enumerator.
template <class E>
struct EnumName {
  const char* text;
  E value;
};

inline constexpr EnumName<DataReader> kDataReaders[] = {{"idx", DataReader::kIdx},
                                                        {"image_folder", DataReader::kImageFolder},
                                                        {"cifar10", DataReader::kCifar10},
                                                        {"cifar100", DataReader::kCifar100}};
inline constexpr EnumName<CifarLabels> kCifarLabels[] = {{"fine", CifarLabels::kFine},
                                                         {"coarse", CifarLabels::kCoarse}};
inline constexpr EnumName<OnDamaged> kOnDamaged[] = {{"stop", OnDamaged::kStop},
                                                     {"skip", OnDamaged::kSkip}};
inline constexpr EnumName<Arithmetic> kArithmetics[] = {{"pillow8", Arithmetic::kPillow8},
                                                        {"float", Arithmetic::kFloat},
                                                        {"tensorflow", Arithmetic::kTensorflow}};
inline constexpr EnumName<Precision> kPrecisions[] = {
    {"float32", Precision::kFloat32}, {"tf32", Precision::kTf32}, {"bf16", Precision::kBf16}};
inline constexpr EnumName<OptimizerKind> kOptimizerKinds[] = {{"sgd", OptimizerKind::kSgd},
                                                              {"adam", OptimizerKind::kAdam},
                                                              {"adamw", OptimizerKind::kAdamW},
                                                              {"lars", OptimizerKind::kLars},
                                                              {"larc", OptimizerKind::kLarc}};
inline constexpr EnumName<LearningRateRule> kLearningRateRules[] = {
    {"none", LearningRateRule::kNone},
    {"linear", LearningRateRule::kLinear},
    {"sqrt", LearningRateRule::kSqrt}};
inline constexpr EnumName<LarsForm> kLarsForms[] = {{"popular", LarsForm::kPopular},
                                                    {"classic", LarsForm::kClassic},
                                                    {"adapted_last", LarsForm::kAdaptedLast}};
inline constexpr EnumName<ScheduleKind> kScheduleKinds[] = {{"cosine", ScheduleKind::kCosine},
                                                            {"linear", ScheduleKind::kLinear},
                                                            {"step", ScheduleKind::kStep},
                                                            {"constant", ScheduleKind::kConstant}};
inline constexpr EnumName<RateChange> kRateChanges[] = {{"step", RateChange::kEachStep},
                                                        {"epoch", RateChange::kEachEpoch},
                                                        {"epoch_end", RateChange::kEachEpochEnd}};

/// The words, in the order of the table.
template <class E, std::size_t N>
std::vector<std::string> words_of(const EnumName<E> (&names)[N]) {
  std::vector<std::string> words;
  for (const EnumName<E>& name : names) words.emplace_back(name.text);
  return words;
}

}  // namespace kith::host
