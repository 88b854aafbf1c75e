// SPDX-License-Identifier: Apache-2.0
#include "model/chunked_call.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <memory>

#include "tensor/border.h"
#include "tensor/gradient.h"
#include "tensor/handle.h"

namespace kith::host {
namespace {

kith_segment segment_of(const RowsForward& forward) {
  kith_segment segment{};
  segment.struct_size = sizeof segment;
  segment.self = new RowsForward(forward);
  segment.run = [](void* self, const kith_tensor* inputs, std::uint32_t, kith_tensor* outputs,
                   std::uint32_t n_outputs) {
    return serve("", [&] {
      auto results = (*static_cast<RowsForward*>(self))(unwrap(inputs[0]));
      for (std::uint32_t i = 0; i < n_outputs; ++i) outputs[i] = wrap(std::move(results.at(i)));
    });
  };
  segment.destroy = [](void* self) { delete static_cast<RowsForward*>(self); };
  return segment;
}

std::vector<at::Tensor> run_twice(const at::Tensor& rows, std::size_t n_outputs,
                                  const RowsForward& forward) {
  const Lent lent(rows);
  auto* const input = lent.get();
  std::vector<kith_tensor> outputs(n_outputs, nullptr);
  const auto segment = segment_of(forward);
  check_plugin(checkpoint_segment(&input, 1, &segment, outputs.data(),
                                  static_cast<std::uint32_t>(n_outputs)),
               "");
  std::vector<at::Tensor> results;
  for (auto* output : outputs) results.push_back(take(output));
  return results;
}

}  // namespace

std::vector<at::Tensor> call_in_chunks(const at::Tensor& input, std::int64_t rows,
                                       std::size_t n_outputs, const RowsForward& forward) {
  std::vector<std::vector<at::Tensor>> parts(n_outputs);
  for (std::int64_t first = 0; first < input.size(0); first += rows) {
    const auto chunk = input.narrow(0, first, std::min(rows, input.size(0) - first));
    auto outputs =
        at::GradMode::is_enabled() ? run_twice(chunk, n_outputs, forward) : forward(chunk);
    for (std::size_t i = 0; i < n_outputs; ++i) parts[i].push_back(std::move(outputs.at(i)));
  }
  std::vector<at::Tensor> joined;
  for (const auto& part : parts) joined.push_back(at::cat(part));
  return joined;
}

}  // namespace kith::host
