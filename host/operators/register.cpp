// SPDX-License-Identifier: Apache-2.0
#include "operators/register.h"

#include <torch/library.h>

#include "operators/gathered_rows_dot.h"
#include "operators/nearest_rows.h"
#include "operators/softmax_loss.h"

namespace kith::host {

void register_host_operators() {
  // Used: without it the pointer is optimised away, and a leak checker finds none.
  [[gnu::used]] static const auto* const library = [] {
    auto* made = new torch::Library(torch::Library::DEF, "kith", std::nullopt, __FILE__, __LINE__);
    made->def("nearest_rows(Tensor query, Tensor bank, int k) -> (Tensor, Tensor)");
    made->impl("nearest_rows", c10::DispatchKey::CPU, TORCH_FN(nearest_rows_cpu));
    made->impl("nearest_rows", c10::DispatchKey::CUDA, TORCH_FN(nearest_rows_composed));
    // With a gradient; each looks at the device itself.
    constexpr auto kComposite = c10::DispatchKey::CompositeImplicitAutograd;
    made->def("gathered_rows_dot(Tensor rows, Tensor bank, Tensor index) -> Tensor");
    made->impl("gathered_rows_dot", kComposite, TORCH_FN(gathered_rows_dot));
    made->def(
        "masked_softmax_loss(Tensor rows, Tensor candidates, Tensor positive, Tensor? excluded, "
        "float temperature) -> Tensor");
    made->impl("masked_softmax_loss", kComposite, TORCH_FN(masked_softmax_loss));
    made->def(
        "paired_softmax_loss(Tensor rows, Tensor positives, Tensor negatives, float temperature) "
        "-> Tensor");
    made->impl("paired_softmax_loss", kComposite, TORCH_FN(paired_softmax_loss));
    return made;  // for the life of the process: plugins hold its operators
  }();
}

}  // namespace kith::host
