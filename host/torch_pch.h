// SPDX-License-Identifier: Apache-2.0
// The precompiled header of everything that includes LibTorch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
