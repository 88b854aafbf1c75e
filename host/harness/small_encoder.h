// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/plugin_object.h"

namespace kith::harness {

/// See kSmallEncoder.
host::PluginObjectPtr small_encoder();

}  // namespace kith::harness
