// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace kith::host {

/// The device that a word means: "cpu", "cuda", or "auto", which takes the GPU where there is one.
///
/// The program links LibTorch's CPU half alone; its CUDA half is opened here, once, when it is
/// asked for.
/// @throws ConfigError on another word, and for "cuda" without a usable GPU: the text says what is
/// missing.
at::Device open_device(const std::string& word);

/// Does this machine seem to have an NVIDIA GPU? Looks at device files; opens nothing.
bool sees_gpu();

}  // namespace kith::host
