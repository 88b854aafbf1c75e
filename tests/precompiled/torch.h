// SPDX-License-Identifier: Apache-2.0
// The precompiled header of the tests that link LibTorch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../host/torch_pch.h"
