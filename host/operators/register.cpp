// SPDX-License-Identifier: Apache-2.0
#include "operators/register.h"

#include <torch/library.h>

#include "operators/nearest_rows.h"

namespace kith::host {

void register_host_operators() {
  static const auto* const library = [] {
    auto* made = new torch::Library(torch::Library::DEF, "kith", std::nullopt, __FILE__, __LINE__);
    made->def("nearest_rows(Tensor query, Tensor bank, int k) -> (Tensor, Tensor)");
    made->impl("nearest_rows", c10::DispatchKey::CPU, TORCH_FN(nearest_rows_cpu));
    made->impl("nearest_rows", c10::DispatchKey::CUDA, TORCH_FN(nearest_rows_composed));
    return made;  // for the life of the process: plugins hold its operators
  }();
  (void)library;
}

}  // namespace kith::host
