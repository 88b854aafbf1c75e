// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"
#include "train/parameter_groups.h"

namespace at {
class Tensor;
}

namespace kith::host {

/// The settings of an optimiser; each kind reads its own.
struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::kSgd;
  double weight_decay = 0;    ///< >= 0; in the gradient, or decoupled (AdamW)
  double sgd_momentum = 0.9;  ///< in [0, 1); SGD, LARS, LARC
  bool nesterov = false;      ///< SGD, LARS; wants sgd_momentum > 0
  double beta1 = 0.9;         ///< in [0, 1); Adam, AdamW
  double beta2 = 0.999;       ///< in [0, 1); Adam, AdamW
  double eps = 1e-8;          ///< > 0; Adam, AdamW, LARC
  double trust = 0.001;       ///< > 0; LARS, LARC
  LarsForm lars_form = LarsForm::kPopular;
  bool clip = false;  ///< LARC: the adapted rate is at most the learning rate
};

/// @throws ConfigError if a setting that the kind reads is out of range.
void check_optimizer(const OptimizerSpec& spec);

/// Updates parameters from their gradients. The arithmetic of each kind stands at its make function
/// in optimizer_state.h.
///
/// A parameter without a gradient, or frozen, is skipped in a step: neither decay nor momentum
/// moves it, and its step count stays. Nothing is read back from the device, and nothing is
/// recorded for autograd. [train thread]
class Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Adds a parameter, with zero state of its dtype, device and layout: add it after it has been
  /// moved to where it is trained. The optimiser keeps a handle of the same tensor.
  ///
  /// @param name       of the parameter in the run, unique.
  /// @param parameter  dense floating-point leaf.
  void add_parameter(std::string name, const at::Tensor& parameter,
                     const ParameterTreatment& treatment);

  /// Freezes a parameter, or lets it move again. While it is frozen its state stays as it is.
  void set_frozen(std::string_view name, bool frozen);

  /// The parameters that are not frozen, in order: what the gradient's norm is taken over.
  std::vector<at::Tensor> trained_parameters() const;
  /// Their names.
  std::vector<std::string> trained_names() const;

  /// One update.
  ///
  /// @param learning_rate  the schedule's at this step; times each parameter's factor.
  /// @param base_lr        the one of parameters with a constant learning rate.
  /// @param skip           float32 with one number on the parameters' device: where it is 1,
  ///                       nothing moves. Undefined: the update is made.
  void step(double learning_rate, double base_lr, const at::Tensor& skip);
  void step(double learning_rate, double base_lr);

  /// Removes the gradients of all parameters, frozen ones too.
  void clear_gradients();

  /// Visits all state, always the same names in the same order, from the first step on: momentum
  /// buffers and step counts, "<parameter>.momentum_buffer" (SGD, LARS, LARC),
  /// "<parameter>.exp_avg",
  /// "<parameter>.exp_avg_sq", "<parameter>.step" (Adam, AdamW). Restore it by copying in place
  /// (`state.copy_(saved)`) under no-grad; the next step is then exactly the one that would have
  /// come.
  void for_each_state(const std::function<void(const std::string& name, at::Tensor& state)>& visit);

  /// The parameters by treatment: what the resolved experiment lists.
  std::vector<ParameterGroup> groups() const;

 protected:
  struct Slot;
  struct Batch;

  /// A tensor of state that each parameter has.
  struct StateField {
    const char* name;
    bool is_count;  ///< a 0-d float32 tensor; else as the parameter
  };

  explicit Optimizer(std::vector<StateField> fields);

  /// Makes an update by operators that know nothing of `skip`, and where it is 1 puts parameters
  /// and state back, on the device.
  static void put_back_where_skipped(Batch& batch, const std::function<void()>& update);

 private:
  /// Updates the i-th parameter by a kernel on the CPU, where `has_cpu_kernels`.
  virtual void update_one(const Batch& batch, std::size_t i) const = 0;
  /// Updates parameters of one treatment, device and dtype by operators, on the device: nothing
  /// moves where `batch.skip` is 1, and it is not read back.
  virtual void update_by_operators(Batch& batch) const = 0;

  void update(Batch& batch) const;

  std::vector<Batch> make_batches(double learning_rate, double base_lr);

  std::vector<StateField> fields_;
  std::vector<Slot> slots_;
};

/// @throws ConfigError as check_optimizer.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerSpec& spec);

}  // namespace kith::host
