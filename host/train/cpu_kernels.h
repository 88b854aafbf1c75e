// SPDX-License-Identifier: Apache-2.0
// What the optimisers' kernels on the CPU share: which parameters they take, and how they walk
// through the numbers of a parameter and of what goes with it.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

/// Before a loop: what it reads and what it writes do not overlap, so that it may go by vectors.
#ifdef __clang__
#define KITH_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define KITH_APART _Pragma("GCC ivdep")
#endif

namespace kith::host {

constexpr std::int64_t kKernelPiece = std::int64_t{1} << 15;  // numbers a thread takes at a time
constexpr std::int64_t kKernelRun = 32;                       // numbers of a loop by vectors

/// Do the kernels take this parameter? Float32 and float64 on the CPU. They walk raw memory: all
/// tensors of a parameter are dense and have one layout.
inline bool has_cpu_kernels(const at::Tensor& parameter) {
  return parameter.is_cpu() &&
         (parameter.scalar_type() == at::kFloat || parameter.scalar_type() == at::kDouble);
}

/// each(i) for all i below n: whole runs of a length that the compiler knows, then the rest.
template <class Each>
inline __attribute__((always_inline)) void for_each_number(std::int64_t n, Each&& each) {
  std::int64_t i = 0;
  for (; i + kKernelRun <= n; i += kKernelRun) {
    KITH_APART for (std::int64_t j = 0; j < kKernelRun; ++j) each(i + j);
  }
  for (; i < n; ++i) each(i);
}

inline std::int64_t piece_count(std::int64_t n) { return (n + kKernelPiece - 1) / kKernelPiece; }

/// work(begin, length, the piece's number) for n numbers; threads share the pieces.
template <class Work>
void in_pieces(std::int64_t n, Work&& work) {
  at::parallel_for(0, piece_count(n), 1, [&](std::int64_t first, std::int64_t last) {
    for (auto piece = first; piece < last; ++piece) {
      const auto begin = piece * kKernelPiece;
      work(begin, std::min(kKernelPiece, n - begin), piece);
    }
  });
}

/// Autograd's count of changes in place, which writing to memory does not move.
inline void mark_changed(const at::Tensor& tensor) { tensor.unsafeGetTensorImpl()->bump_version(); }

}  // namespace kith::host
