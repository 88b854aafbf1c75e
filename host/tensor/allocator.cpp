// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <cstddef>  // before __GLIBC__ is looked at, which the library's headers define
#include <cstdint>

#ifdef __GLIBC__
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#endif

namespace kith::host {

#ifdef __GLIBC__
namespace {

constexpr std::size_t kLargestOnHeap = std::size_t{32}
                                       << 20;  // bytes: the largest that glibc takes

/// Asks for huge pages. That the system may have none to give is no error.
void advise(std::uintptr_t begin, std::uintptr_t end) {
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  begin = begin / page * page;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

/// LibTorch's own allocator, whose memory comes in huge pages.
class HugePageAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    auto memory = inner_->allocate(bytes);
    advise_new_heap();
    if (bytes >= kLargestOnHeap) {  // may have a mapping of its own
      const auto begin = reinterpret_cast<std::uintptr_t>(memory.get());
      advise(begin, begin + bytes);
    }
    return memory;
  }
  c10::DeleterFnPtr raw_deleter() const override { return inner_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    inner_->copy_data(to, from, bytes);
  }

 private:
  static std::uintptr_t heap_end() { return reinterpret_cast<std::uintptr_t>(sbrk(0)); }

  /// The heap grows by far more than one block, so nearly all of what is new is untouched yet.
  void advise_new_heap() {
    const auto end = heap_end(), known = known_end_.load(std::memory_order_relaxed);
    if (end == known) return;
    if (end > known) advise(known, end);
    known_end_.store(end, std::memory_order_relaxed);
  }

  c10::Allocator* inner_ = c10::GetDefaultCPUAllocator();
  std::atomic<std::uintptr_t> known_end_{heap_end()};  // of the heap that has been asked for
};

}  // namespace

void set_up_memory() {
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(kLargestOnHeap));
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);                     // the heap grows by so much at a time
  static auto& allocator = *new HugePageAllocator;  // LibTorch may ask it until the very end
  c10::SetCPUAllocator(&allocator);
}
#else
void set_up_memory() {}
#endif

}  // namespace kith::host
