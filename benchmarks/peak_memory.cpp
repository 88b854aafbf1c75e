// SPDX-License-Identifier: Apache-2.0
#include "peak_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace kith::benchmarks {

double restart_peak() {
  ::malloc_trim(0);
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;
  return reset ? peak_kib() : -1;
}

double peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

}  // namespace kith::benchmarks
