// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace kith::host {

/// The device that a word means: "cpu", "cuda", or "auto", which takes the GPU where there is one.
///
/// The program links LibTorch's CPU half alone; its CUDA half is opened here, once, when it is
/// asked for. Call it before anything asks LibTorch whether there is a GPU: it remembers the
/// answer. From then on float32 is float32 (no TF32 unless it is asked for) and operators give the
/// same numbers again where LibTorch has a way to; CUBLAS_WORKSPACE_CONFIG is set for that unless
/// it is already.
/// @throws ConfigError on another word, and for "cuda" without a usable GPU: the text says what is
/// missing.
at::Device open_device(const std::string& word);

/// The environment's KITH_DEVICE where it is set and not empty.
std::string device_word(const std::string& otherwise);

/// @throws ConfigError on a word that open_device does not take.
void require_device_word(const std::string& word);

/// While it lives, convolutions on a GPU may round what they multiply to TF32, if it is `allowed`;
/// then it is as before. [train thread]
class Tf32Convolutions {
 public:
  explicit Tf32Convolutions(bool allowed);
  ~Tf32Convolutions();
  Tf32Convolutions(const Tf32Convolutions&) = delete;
  Tf32Convolutions& operator=(const Tf32Convolutions&) = delete;

 private:
  bool before_;
};

/// Does this machine seem to have an NVIDIA GPU? Looks at device files; opens nothing.
bool sees_gpu();

}  // namespace kith::host
