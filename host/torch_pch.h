// SPDX-License-Identifier: Apache-2.0
// The precompiled header of everything that includes LibTorch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "plain_pch.h"
