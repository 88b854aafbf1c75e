// SPDX-License-Identifier: Apache-2.0
#include "harness/stub_encoder.h"

#include <ATen/ATen.h>
#include <kith/abi/encoder.h>

#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::harness {
namespace {

const kith_encoder_api kStub = {
    sizeof(kith_encoder_api),
    1,
    [](kith_instance, const kith_encoder_input*, const kith_arg*, std::uint32_t,
       void** self) -> kith_status {
      *self = nullptr;
      return KITH_OK;
    },
    [](void*) {},
    [](void*, kith_tensor input, std::uint64_t, kith_tensor* outputs, std::uint32_t) {
      return host::serve("stub", [&] { outputs[0] = host::wrap(host::unwrap(input).flatten(1)); });
    },
};

}  // namespace

host::PluginObjectPtr stub_encoder() {
  auto object = std::make_shared<host::PluginObject>();
  object->table = &kStub;
  object->metadata.id = object->metadata.name = "stub";
  object->metadata.kind = "encoder";
  object->metadata.facts = {{"output", "features", "N D", ""}};
  return object;
}

}  // namespace kith::harness
