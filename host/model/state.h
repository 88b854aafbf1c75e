// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "train/parameter_groups.h"

namespace kith::host {

/// A trained tensor, or the copy of one that an optimiser never sees.
struct Parameter {
  std::string name;  ///< of the run: "encoder.layer1.0.conv1.weight", "method.projector.0.weight"
  at::Tensor value;
  ParameterKind kind = ParameterKind::kWeight;
  std::string export_kind;  ///< "prototypes", ...; empty: not in run.h5
  bool is_copy = false;
  double frozen_until_step = 0;  ///< infinity: never trained
  double frozen_until_epoch = 0;
  double lr_factor = 1;
  bool constant_lr = false;
  std::optional<double> clamp_min, clamp_max;
  std::vector<std::int64_t> sizes{};  ///< as declared
};

/// An untrained tensor that is part of the state.
struct Buffer {
  std::string name;
  at::Tensor value;
  std::string export_kind;            ///< "queue", "memory_bank", ...; empty: not in run.h5
  std::vector<std::int64_t> sizes{};  ///< as declared
};

/// All tensors that the plugins of a job declared, in the order of declaration. Pointers stay
/// valid. [train thread]
class State {
 public:
  /// @throws PluginError if the name is taken.
  Parameter& add_parameter(Parameter parameter);
  Buffer& add_buffer(Buffer buffer);

  std::deque<Parameter>& parameters() { return parameters_; }
  const std::deque<Parameter>& parameters() const { return parameters_; }
  std::deque<Buffer>& buffers() { return buffers_; }
  const std::deque<Buffer>& buffers() const { return buffers_; }

  Parameter* find_parameter(const std::string& name);
  Buffer* find_buffer(const std::string& name);

  /// An operator can give a tensor another shape, which no checkpoint could be restored into.
  /// @throws ShapeError  naming the first tensor that has not the shape it was declared with.
  void require_declared_shapes(const std::string& who) const;

  /// Number of trained numbers in the parameters whose names begin with the prefix.
  std::int64_t count(const std::string& prefix) const;

 private:
  std::deque<Parameter> parameters_;
  std::deque<Buffer> buffers_;
  std::map<std::string, Parameter*> parameter_of_;
  std::map<std::string, Buffer*> buffer_of_;
};

}  // namespace kith::host
