// SPDX-License-Identifier: Apache-2.0
//
// The base of a loss plugin.
#pragma once

#include <kith/abi/loss.h>
#include <kith/abi/method.h>

#include <kith/operators.hpp>
#include <kith/plugin.hpp>
#include <kith/ranks.hpp>
#include <type_traits>

namespace kith {

/// One declared input of a loss.
struct LossInput {
  const char* name;
  const char* shape;       // symbolic: "N C"; equal letters are equal sizes
  const char* flags = "";  // of: "unit_rows", "gradient", "optional", "int64"
};

/// A loss computes a 0-d tensor from named inputs and keeps no state. The host calls it without
/// autocast, its real inputs float32 or wider.
///
/// A plugin derives from it and has
///   static constexpr kith::Identity identity;
///   static constexpr auto options = kith::options(...);
///   static constexpr kith::LossInput inputs[] = {...};
///   static constexpr const char* reduction = "mean over N rows";
///   a constructor from (const kith::Options&) or (const kith::Options&, kith::Ranks), and
///   kith::Tensor forward(std::span<const kith::Tensor> in) const;   // in declared order. [train
///   thread]
/// and, where candidates are told apart,
///   double chance_value(std::span<const kith::Tensor> in) const;   // ln K if all K look alike,
///   for these shapes; a run whose loss stays there is told so
class Loss {
 public:
  static constexpr const char* kInterface = KITH_LOSS_INTERFACE;

  template <class P, class W>
  static consteval void describe(W& w) {
    for (const auto& input : P::inputs) w.fact("input", input.name, input.shape, input.flags);
    w.fact("reduction", P::reduction, "", "");
  }
  template <class P, class W>
  static consteval void services(W& w) {
    w.service(KITH_TENSOR_SERVICE);
    if (std::is_constructible_v<P, const Options&, Ranks>) w.service(KITH_TRAINING_SERVICE);
  }
  template <class P>
  static const void* table() {
    static constexpr kith_loss_api api = {
        sizeof(kith_loss_api),
        1,
        [](kith_instance instance, const kith_arg* options, std::uint32_t n, void** self) {
          return detail::guard([&] {
            const Options given(options, n);
            if constexpr (std::is_constructible_v<P, const Options&, Ranks>) {
              *self = new P(given, Ranks(instance));
            } else {
              *self = new P(given);
            }
          });
        },
        [](void* self) { delete static_cast<P*>(self); },
        [](void* self, const kith_tensor* inputs, std::uint32_t n, kith_tensor* loss) {
          return detail::guard(
              [&] { *loss = static_cast<const P*>(self)->forward(borrowed(inputs, n)).give(); });
        },
        chance_entry<P>(),
    };
    return &api;
  }

 private:
  static std::vector<Tensor> borrowed(const kith_tensor* inputs, std::uint32_t n) {
    std::vector<Tensor> in;
    in.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) in.push_back(Tensor::borrow(inputs[i]));
    return in;
  }
  template <class P>
  static constexpr decltype(kith_loss_api::chance_value) chance_entry() {
    if constexpr (requires(const P& p, std::span<const Tensor> in) { p.chance_value(in); }) {
      return [](void* self, const kith_tensor* inputs, std::uint32_t n, double* value) {
        return detail::guard(
            [&] { *value = static_cast<const P*>(self)->chance_value(borrowed(inputs, n)); });
      };
    } else {
      return nullptr;
    }
  }
};

}  // namespace kith
