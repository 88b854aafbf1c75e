// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "model/job.h"
#include "train/assembly.h"

namespace kith::host {

/// What is looked at: an output of a role's encoder, or of a copy of it, or what a head of the
/// method (of the same copy) makes of that output.
struct FeatureChoice {
  std::string role = "encoder";
  std::string copy;
  std::string output = "features";
  std::string head{};  ///< empty: the output itself

  /// For a person: "output 'features' of role 'encoder', copy 'teacher'".
  std::string text() const;
};

/// Features of larger data sets are written on request only.
inline constexpr std::int64_t kMostFeatureRows = 200000;

/// What an experiment evaluates: the first evaluation's choice, but for its head, else the
/// method's.
FeatureChoice evaluated_features(const Assembly& assembly);

/// The choice of one evaluation.
FeatureChoice choice_of(const EvaluationConfig& config);

/// Reads an output of an encoder, or of a head behind it, in evaluation mode, without gradients.
/// The job is in that mode while this lives. [train thread]
class FeatureReader {
 public:
  FeatureReader(Job& job, const FeatureChoice& choice);
  ~FeatureReader();
  FeatureReader(const FeatureReader&) = delete;
  FeatureReader& operator=(const FeatureReader&) = delete;

  /// Of views [n, C, H, W]: float32 [n, D] on the CPU; an output with more dimensions is flattened.
  at::Tensor read(const at::Tensor& views);

 private:
  Job& job_;
  std::string what_;  // is read, for a person
  bool was_training_;
  kith_callable encoder_;
  std::uint32_t output_;
  kith_callable head_;  // null: none
};

/// Outputs of an encoder for all images of a split, in evaluation mode on the evaluation view:
/// float32 [N, D] on the CPU. [train thread]
at::Tensor encode_split(Job& job, const Assembly& assembly, const FeatureChoice& choice,
                        Split split, int threads);

/// The rows of a method's buffer, one for each image that is trained on: float32 [n, D] on the CPU.
/// @throws ConfigError  where there is no buffer of that name, or it has other rows.
at::Tensor bank_rows(Job& job, const Assembly& assembly, const std::string& name);

/// Labels of the images that are trained on, int64 [n]; undefined without labels.
at::Tensor trained_labels(const Assembly& assembly);

/// Labels of a split, int64 [N]; undefined without labels.
at::Tensor labels_of(const Dataset& dataset, Split split);

/// Pixels of a split scaled to at most `max_side` px, float32 [N, D].
at::Tensor pixels_of(const Dataset& dataset, Split split, int max_side, int threads);

}  // namespace kith::host
