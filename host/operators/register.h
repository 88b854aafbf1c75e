// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::host {

/// Makes the host's own operators ("kith::nearest_rows") known to LibTorch's dispatcher, where
/// plugins call them by name as they call ATen's. More than once is once. [any thread]
void register_host_operators();

}  // namespace kith::host
