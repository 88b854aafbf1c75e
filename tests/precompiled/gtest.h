// SPDX-License-Identifier: Apache-2.0
// The precompiled header of the test programs that do not link LibTorch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>
