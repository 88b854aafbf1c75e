// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kith::benchmarks {

/// What a piece of work adds to this process's resident memory at its peak, in MiB, all that the
/// allocator and libraries take for it included. What was freed before is given back to the system
/// first. 0 where the system does not let the peak be reset.
template <class Work>
double peak_mib_of(Work&& work);

/// Gives freed memory back and makes what is resident now the peak. @returns it in KiB, or -1.
double restart_peak();
/// The most that was resident since then, in KiB.
double peak_kib();

template <class Work>
double peak_mib_of(Work&& work) {
  const double before = restart_peak();
  work();
  return before < 0 ? 0 : (peak_kib() - before) / 1024;
}

}  // namespace kith::benchmarks
