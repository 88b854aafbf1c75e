// SPDX-License-Identifier: Apache-2.0
//
// The base of an encoder plugin.
#pragma once

#include <kith/abi/encoder.h>

#include <kith/nn.hpp>
#include <kith/plugin.hpp>

namespace kith {

/// One declared output of an encoder: "features" [N, D], "map" [N, C, H, W], "tokens" [N, T, D],
/// ...
struct EncoderOutput {
  const char* name;
  const char* shape;
};

/// What the encoder will be given: [N, channels, height, width].
struct InputShape {
  std::int64_t channels;
  std::int64_t height;  // px, of the largest view
  std::int64_t width;   // px
};

/// The outputs asked for; what is not wanted need not be computed.
class Outputs {
 public:
  Outputs(std::uint64_t want, kith_tensor* slots, std::uint32_t n)
      : want_(want), slots_(slots), n_(n) {}
  bool wants(std::uint32_t index) const { return index < n_ && ((want_ >> index) & 1U) != 0; }
  void set(std::uint32_t index, Tensor value) {
    if (wants(index)) slots_[index] = value.give();
  }

 private:
  std::uint64_t want_;
  kith_tensor* slots_;
  std::uint32_t n_;
};

/// An encoder turns images into features.
///
/// A plugin derives from it and has
///   static constexpr kith::Identity identity;
///   static constexpr auto options = kith::options(...);
///   static constexpr kith::EncoderOutput outputs[] = {{"features", "N D"}, ...};
///   a constructor from (const kith::Scope&, const kith::InputShape&, const kith::Options&) that
///   declares everything, and void forward(const kith::Tensor& x, kith::Outputs& out) const;   //
///   outputs by declared position. [train thread]
class Encoder {
 public:
  static constexpr const char* kInterface = KITH_ENCODER_INTERFACE;

  template <class P, class W>
  static consteval void describe(W& w) {
    for (const auto& output : P::outputs) w.fact("output", output.name, output.shape, "");
  }
  template <class P, class W>
  static consteval void services(W& w) {
    w.service(KITH_TENSOR_SERVICE);
    w.service(KITH_MODULE_SERVICE);
  }
  template <class P>
  static const void* table() {
    static constexpr kith_encoder_api api = {
        sizeof(kith_encoder_api),
        1,
        [](kith_instance instance, const kith_encoder_input* in, const kith_arg* options,
           std::uint32_t n, void** self) {
          return detail::guard([&] {
            *self = new P(Scope(instance, ""), InputShape{in->channels, in->height, in->width},
                          Options(options, n));
          });
        },
        [](void* self) { delete static_cast<P*>(self); },
        [](void* self, kith_tensor input, std::uint64_t want, kith_tensor* outputs,
           std::uint32_t n) {
          return detail::guard([&] {
            Outputs out(want, outputs, n);
            static_cast<const P*>(self)->forward(Tensor::borrow(input), out);
          });
        },
    };
    return &api;
  }
};

}  // namespace kith
