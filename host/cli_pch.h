// SPDX-License-Identifier: Apache-2.0
// The precompiled header of the command line.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "plain_pch.h"
