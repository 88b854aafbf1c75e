// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/plugin_object.h"

namespace kith::harness {

/// An encoder without parameters whose "features" are its input, flattened to [N, D].
host::PluginObjectPtr stub_encoder();

}  // namespace kith::harness
