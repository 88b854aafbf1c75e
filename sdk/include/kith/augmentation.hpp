// SPDX-License-Identifier: Apache-2.0
//
// The bases of an augmentation plugin, one for each stage.
#pragma once

#include <kith/abi/augmentation.h>

#include <cstddef>
#include <cstdint>
#include <kith/cpu_variants.hpp>
#include <kith/plugin.hpp>
#include <kith/random.hpp>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace kith {

/// A number of the drawn parameters, with the name under which the host writes and replays it.
template <class Params, class T>
struct DrawnField {
  const char* name;
  T Params::*member;
};

/// Declares one field of `Params`: a double, an integer or a bool.
template <class Params, class T>
constexpr DrawnField<Params, T> field(const char* name, T Params::*member) {
  static_assert(std::is_arithmetic_v<T>, "a drawn field is a number or a bool");
  return {name, member};
}

/// All fields: `static constexpr auto fields = kith::fields(kith::field("factor", &Params::factor),
/// ...);`
template <class... F>
constexpr std::tuple<F...> fields(F... declared) {
  return {declared...};
}

/// What an augmentation says about itself, beside its stage and fields.
struct AugmentationTraits {
  /// Channels on which it is defined, of "1 3", "3", "1".
  const char* channels = "1 3";
  /// The same for every view (normalise): applied for evaluation too.
  bool deterministic = false;
  /// Geometry only: the size of the result differs from that of the image. The first of a list
  /// comes before any pixel, filter or image augmentation. Behind these, geometry is of the view as
  /// it is: it may take a box or turn, not both at once, and the result must have the view's size.
  bool resizes = false;
  /// Pixel and filter only: with pillow8 it leaves whole levels 0 to 255 itself. Else the host
  /// rounds after it.
  bool rounds = false;
  /// Its results are no picture values any more: it ends its list, and the host does not scale
  /// them.
  bool final = false;
};

enum class Arithmetic : std::uint32_t {
  kPillow8 = KITH_ARITHMETIC_PILLOW8,
  kFloat = KITH_ARITHMETIC_FLOAT,
  kTensorflow = KITH_ARITHMETIC_TENSORFLOW,
};
enum class Resize : std::uint32_t {
  kBilinear = KITH_RESIZE_BILINEAR,
  kBicubic = KITH_RESIZE_BICUBIC,
};

/// See kith_geometry: fill in what the augmentation does; the rest changes nothing.
using Geometry = kith_geometry;
/// Where the augmentation stands; see kith_augmentation_place.
using AugmentationPlace = kith_augmentation_place;

/// Random numbers of one augmentation of one view, by name. Two names are independent; a name gives
/// the same again.
class DrawSource {
 public:
  explicit DrawSource(const kith_draw_source& source) : source_(&source) {}

  /// Size in px of the image as it reaches this augmentation, and its channels.
  std::int64_t height() const { return source_->height; }
  std::int64_t width() const { return source_->width; }
  std::uint32_t channels() const { return source_->channels; }

  /// A stream of numbers, for draws that need more than one.
  Draw stream(std::string_view name) const {
    return {{.seed = source_->seed,
             .purpose = static_cast<DrawPurpose>(source_->purpose),
             .epoch = source_->epoch,
             .step = source_->step,
             .sample = source_->sample,
             .view = source_->view,
             .operation = source_->operation},
            name};
  }
  /// Uniform in [low, high).
  double uniform(std::string_view name, double low, double high) const {
    return stream(name).uniform(low, high);
  }

 private:
  const kith_draw_source* source_;
};

/// A run of pixels of a view, to be changed in place.
class PixelRun {
 public:
  explicit PixelRun(const kith_pixel_run& run) : run_(&run) {}

  std::size_t size() const { return run_->size; }
  std::uint32_t channels() const { return run_->channels; }
  std::span<float> plane(std::uint32_t c) const { return {run_->planes[c], size()}; }
  std::span<float* const> planes() const { return {run_->planes, run_->channels}; }

  Arithmetic arithmetic() const { return static_cast<Arithmetic>(run_->arithmetic); }
  bool is_pillow8() const { return arithmetic() == Arithmetic::kPillow8; }
  bool is_tensorflow() const { return arithmetic() == Arithmetic::kTensorflow; }
  /// The value of white: 255 (pillow8) or 1 (float, tensorflow). Black is 0.
  float white() const { return is_pillow8() ? 255.0F : 1.0F; }

  /// From 0; more than one only if the augmentation has `passes`.
  std::uint32_t pass() const { return run_->pass; }
  /// Mean grey level of the whole view before this pass, if `passes` asked for it.
  double mean_grey() const { return run_->mean_grey; }
  /// Mean of one channel of the whole view before this pass, where `mean_grey` is known and the
  /// arithmetic is tensorflow.
  double channel_mean(std::uint32_t c) const { return run_->channel_mean[c]; }

 private:
  const kith_pixel_run* run_;
};

/// A whole view.
class ViewPixels {
 public:
  explicit ViewPixels(const kith_view_pixels& view) : view_(&view) {}

  std::size_t height() const { return static_cast<std::size_t>(view_->height); }
  std::size_t width() const { return static_cast<std::size_t>(view_->width); }
  std::size_t size() const { return height() * width(); }
  std::uint32_t channels() const { return view_->channels; }
  std::span<float> plane(std::uint32_t c) const { return {view_->planes[c], size()}; }
  bool is_pillow8() const { return view_->arithmetic == KITH_ARITHMETIC_PILLOW8; }
  float white() const { return is_pillow8() ? 255.0F : 1.0F; }
  float* scratch() const { return view_->scratch; }

 private:
  const kith_view_pixels* view_;
};

/// How often a pixel augmentation passes over the view: `count` times, with the view's mean grey
/// level known before each pass p whose bit (1 << p) is set.
struct Passes {
  std::uint32_t count = 1;
  std::uint32_t mean_grey = 0;
};

namespace detail {

template <class P>
typename P::Params to_params(const double* values) {
  typename P::Params params{};
  std::apply(
      [&](const auto&... f) {
        ((params.*(f.member) =
              static_cast<std::remove_reference_t<decltype(params.*(f.member))>>(*values++)),
         ...);
      },
      P::fields);
  return params;
}

template <class P>
void from_params(const typename P::Params& params, double* values) {
  std::apply(
      [&](const auto&... f) { ((*values++ = static_cast<double>(params.*(f.member))), ...); },
      P::fields);
}

}  // namespace detail

/// What all stages share. A plugin derives from one of the bases below and has
///   static constexpr kith::Identity identity;
///   static constexpr auto options = kith::options(...);
///   struct Params { ... };  static constexpr auto fields = kith::fields(...);   // what it draws;
///   may lack Params draw(const kith::DrawSource&) const;                               // if it
///   has Params static constexpr kith::AugmentationTraits traits;                            //
///   where the defaults do not fit void check(const kith::AugmentationPlace&) const; // throws
///   ConfigError; may lack a constructor from (const kith::Options&), and `apply` as its stage has
///   it, with or without Params in front.
/// One object serves all threads, so draw and apply are const.
class Augmentation {
 public:
  static constexpr const char* kInterface = KITH_AUGMENTATION_INTERFACE;
  static constexpr AugmentationTraits traits{};
  struct Params {};
  static constexpr std::tuple<> fields{};

  Params draw(const DrawSource&) const { return {}; }
  void check(const AugmentationPlace&) const {}

  template <class P, class W>
  static consteval void describe(W& w) {
    w.fact("stage", P::kStageName, "", "");
    std::apply([&](const auto&... f) { (w.fact("field", f.name, "f64", ""), ...); }, P::fields);
    w.fact("channels", P::traits.channels, "", "");
    if (P::traits.deterministic) w.fact("deterministic", "", "", "");
    if (P::traits.resizes) w.fact("resizes", "", "", "");
    if (P::traits.rounds) w.fact("rounds", "", "", "");
    if (P::traits.final) w.fact("final", "", "", "");
  }
  template <class P, class W>
  static consteval void services(W&) {}

 protected:
  template <class P>
  static constexpr kith_augmentation_api make_table(std::uint32_t stage) {
    kith_augmentation_api api{};
    api.struct_size = sizeof(kith_augmentation_api);
    api.version = 1;
    api.stage = stage;
    api.n_fields = std::tuple_size_v<std::remove_const_t<decltype(P::fields)>>;
    api.create = [](kith_instance, const kith_arg* options, std::uint32_t n, void** self) {
      return detail::guard([&] { *self = new P(Options(options, n)); });
    };
    api.destroy = [](void* self) { delete static_cast<P*>(self); };
    api.check = [](const void* self, const kith_augmentation_place* place) {
      return detail::guard([&] { static_cast<const P*>(self)->check(*place); });
    };
    api.draw = [](const void* self, const kith_draw_source* source, double* values) {
      return detail::guard([&] {
        detail::from_params<P>(static_cast<const P*>(self)->draw(DrawSource(*source)), values);
      });
    };
    return api;
  }

  /// Calls `apply(params, rest...)`, or `apply(rest...)` for an augmentation that draws nothing.
  template <class P, class... Rest>
  static kith_status call_apply(const void* self, const double* values, Rest&&... rest) {
    return detail::guard([&] {
      const auto& plugin = *static_cast<const P*>(self);
      if constexpr (std::is_same_v<typename P::Params, Augmentation::Params>) {
        plugin.apply(std::forward<Rest>(rest)...);
      } else {
        plugin.apply(detail::to_params<P>(values), std::forward<Rest>(rest)...);
      }
    });
  }
};

/// `void apply(const Params&, kith::Geometry&) const`: says what is taken from the image and how it
/// is turned.
class GeometryAugmentation : public Augmentation {
 public:
  static constexpr const char* kStageName = "geometry";

  template <class P>
  static const void* table() {
    static constexpr kith_augmentation_api api = [] {
      auto a = make_table<P>(KITH_STAGE_GEOMETRY);
      a.geometry = [](const void* self, const double* values, kith_geometry* step) {
        return call_apply<P>(self, values, *step);
      };
      return a;
    }();
    return &api;
  }
};

/// `void apply(const Params&, kith::PixelRun) const`: changes pixels, each on its own.
/// `kith::Passes passes(const Params&) const`: where one pass, or no mean grey level, is not
/// enough.
class PixelAugmentation : public Augmentation {
 public:
  static constexpr const char* kStageName = "pixel";

  template <class P>
  static const void* table() {
    static constexpr kith_augmentation_api api = [] {
      auto a = make_table<P>(KITH_STAGE_PIXEL);
      a.pixel = [](const void* self, const double* values, const kith_pixel_run* run) {
        return call_apply<P>(self, values, PixelRun(*run));
      };
      if constexpr (requires(const P& p, const typename P::Params& drawn) { p.passes(drawn); }) {
        a.passes = [](const void* self, const double* values, std::uint32_t* count,
                      std::uint32_t* mean_grey) {
          return detail::guard([&] {
            const Passes passes = static_cast<const P*>(self)->passes(detail::to_params<P>(values));
            *count = passes.count;
            *mean_grey = passes.mean_grey;
          });
        };
      }
      return a;
    }();
    return &api;
  }
};

/// `void apply(const Params&, kith::ViewPixels) const`: changes a whole view in place.
/// `std::size_t scratch_size(height, width, channels) const`: floats of scratch space that it
/// wants, if any.
class FilterAugmentation : public Augmentation {
 public:
  static constexpr const char* kStageName = "filter";

  template <class P>
  static const void* table() {
    static constexpr kith_augmentation_api api = [] {
      auto a = make_table<P>(KITH_STAGE_FILTER);
      a.filter = [](const void* self, const double* values, const kith_view_pixels* view) {
        return call_apply<P>(self, values, ViewPixels(*view));
      };
      if constexpr (requires(const P& p) { p.scratch_size(1, 1, 1); }) {
        a.scratch_size = [](const void* self, std::int64_t height, std::int64_t width,
                            std::uint32_t channels) -> std::uint64_t {
          return static_cast<const P*>(self)->scratch_size(
              static_cast<std::size_t>(height), static_cast<std::size_t>(width), channels);
        };
      }
      return a;
    }();
    return &api;
  }
};

/// `void apply(const Params&, kith::ViewPixels from, kith::ViewPixels to) const`: writes a whole
/// view from another.
class ImageAugmentation : public Augmentation {
 public:
  static constexpr const char* kStageName = "image";

  template <class P>
  static const void* table() {
    static constexpr kith_augmentation_api api = [] {
      auto a = make_table<P>(KITH_STAGE_IMAGE);
      a.image = [](const void* self, const double* values, const kith_view_pixels* from,
                   const kith_view_pixels* to) {
        return call_apply<P>(self, values, ViewPixels(*from), ViewPixels(*to));
      };
      return a;
    }();
    return &api;
  }
};

}  // namespace kith
