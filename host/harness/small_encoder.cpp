// SPDX-License-Identifier: Apache-2.0
#include "harness/small_encoder.h"

#include <ATen/ATen.h>
#include <kith/abi/encoder.h>

#include <array>
#include <cmath>

#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/services.h"

namespace kith::harness {
namespace {

constexpr std::int64_t kFeatures = 16;

struct Layer {
  at::Tensor weight;  // [16, D]
  at::Tensor bias;    // [16]
};

at::Tensor declare(kith_instance instance, std::string_view name,
                   const std::vector<std::int64_t>& sizes, double bound, std::uint32_t kind) {
  const kith_init init{KITH_INIT_UNIFORM, 0, -bound, bound};
  kith_tensor out = nullptr;
  host::check_plugin(host::module_service()->parameter(
                         instance, {name.data(), name.size()}, sizes.data(),
                         static_cast<std::uint32_t>(sizes.size()), &init, kind, {"", 0}, &out),
                     "small encoder");
  return host::take(out);
}

const kith_encoder_api kSmall = {
    sizeof(kith_encoder_api),
    1,
    [](kith_instance instance, const kith_encoder_input* input, const kith_arg*, std::uint32_t,
       void** self) {
      return host::serve("small encoder", [&] {
        const auto pixels = input->channels * input->height * input->width;
        const double bound = 1 / std::sqrt(static_cast<double>(pixels));
        *self = new Layer{declare(instance, "fc.weight", {kFeatures, pixels}, bound, KITH_WEIGHT),
                          declare(instance, "fc.bias", {kFeatures}, bound, KITH_BIAS)};
      });
    },
    [](void* self) { delete static_cast<Layer*>(self); },
    [](void* self, kith_tensor input, std::uint64_t, kith_tensor* outputs, std::uint32_t) {
      return host::serve("small encoder", [&] {
        const auto& layer = *static_cast<const Layer*>(self);
        outputs[0] =
            host::wrap(at::linear(host::unwrap(input).flatten(1), layer.weight, layer.bias).relu());
      });
    },
};

}  // namespace

host::PluginObjectPtr small_encoder() {
  auto object = std::make_shared<host::PluginObject>();
  object->table = &kSmall;
  object->metadata.id = object->metadata.name = "small";
  object->metadata.kind = "encoder";
  object->metadata.facts = {{"output", "features", "N D", ""}};
  return object;
}

}  // namespace kith::harness
