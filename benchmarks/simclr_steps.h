// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kith::benchmarks {

/// Training steps of SimCLR with NT-Xent and SGD on 64 images of noise, one after the other.
class SimClrSteps {
 public:
  virtual ~SimClrSteps() = default;
  /// @returns the loss, read back as `kith run` does on a CPU.
  virtual double step() = 0;
};

/// "mlp", "resnet18_eighth", "resnet18_quarter".
std::vector<std::string> step_networks();

/// The plugins that ship, and the step that `kith run` makes.
std::unique_ptr<SimClrSteps> make_kith_steps(const std::string& network);
/// The same program in LibTorch's own C++, from the same parameters.
std::unique_ptr<SimClrSteps> make_native_steps(const std::string& network);

}  // namespace kith::benchmarks
