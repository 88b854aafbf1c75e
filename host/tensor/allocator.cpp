// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <malloc.h>

namespace kith::host {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // bytes: the largest that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);  // the heap grows by so much at a time
#endif
}

}  // namespace kith::host
