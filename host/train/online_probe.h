// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/experiment.h"
#include "eval/features.h"
#include "model/job.h"
#include "model/tap.h"
#include "train/assembly.h"
#include "train/optimizer.h"

namespace kith::host {

/// A linear classifier that is trained beside a method on what its encoder gives: on the evaluated
/// output of the first call of a step, without its graph, with the labels of the batch.
///
/// Softmax cross-entropy, Adam of its own, weights and biases that begin as 0: it draws no number
/// and adds nothing to a gradient, so the method's run is the same to the bit with and without it.
/// [train thread]
class OnlineProbe {
 public:
  /// @throws ConfigError  if there are no labels.
  OnlineProbe(const OnlineProbeConfig& config, const Assembly& assembly, Job& job);
  ~OnlineProbe();
  OnlineProbe(const OnlineProbe&) = delete;
  OnlineProbe& operator=(const OnlineProbe&) = delete;

  /// From here on the first call of the encoder is the step's.
  void begin_step();
  /// After the method's step: counts what the classifier gets right as it is, then trains it once.
  ///
  /// The call's first N rows must be the N images of the batch, in order: one of its views, alone
  /// or before others. That is held against the views at the first step.
  /// @throws ConfigError  if the encoder was not called so.
  void learn(const kith_step_s& batch);

  /// Means over the steps since the last call of it: online_probe_top1, a fraction, and
  /// online_probe_loss, in nats. Reads back from the device.
  std::map<std::string, double> take_metrics();

  /// The share of rows of an encoder's features that the classifier gets right.
  /// @param features  float32 [N, D] on the CPU. @param labels  int64 [N].
  double top1(const at::Tensor& features, const at::Tensor& labels) const;

  /// Whether its weights are numbers. Reads back from the device.
  bool is_finite() const;

  /// Everything that a step changes, always the same names in the same order. Restore it by copying
  /// in place.
  void for_each_state(const std::function<void(const std::string&, at::Tensor&)>& visit);
  std::int64_t parameters() const { return weight_.numel() + bias_.numel(); }

 private:
  at::Tensor features_of(const kith_step_s& batch) const;
  void require_rows_of_a_view(const kith_step_s& batch) const;
  std::string whose() const;

  Job& job_;
  FeatureChoice choice_;
  std::string method_;
  double base_lr_;
  Tap tap_;
  at::Tensor weight_, bias_;        // float32 [classes, D], [classes]
  at::Tensor right_, loss_, rows_;  // float64 0-d: sums since the last take_metrics
  std::unique_ptr<Optimizer> optimizer_;
  bool checked_rows_ = false;
};

/// The probe that the experiment asks for, or null.
std::unique_ptr<OnlineProbe> make_online_probe(const Assembly& assembly, Job& job);

}  // namespace kith::host
