// SPDX-License-Identifier: Apache-2.0
//
// The base of a method plugin: what it declares, what a step is given.
#pragma once

#include <kith/abi/method.h>

#include <kith/networks.hpp>
#include <kith/plugin.hpp>
#include <kith/ranks.hpp>

namespace kith {

/// What a method needs of the data and the experiment; the host refuses what does not fit before
/// the first step.
struct Needs {
  int min_views = 1;
  int max_views = 1;
  int min_batch = 1;  // images: the dry run uses it
  bool labels = false;
  /// What is evaluated unless the experiment says otherwise: (role, copy, output).
  const char* evaluated_role = "encoder";
  const char* evaluated_copy = "";
  const char* evaluated_output = "features";
};

/// Where training is.
struct Progress {
  std::int64_t step, steps;
  std::int64_t epoch, epochs;
  std::int64_t steps_per_epoch;
};

/// Services of a whole run. A method makes its networks from it and may keep it. [train thread]
class Setup : public NetworkSetup {
 public:
  using NetworkSetup::NetworkSetup;

  /// The loss that a plugin-typed option refers to; `inputs` are the loss's inputs in the order of
  /// later calls.
  LossCall loss(std::string_view option, std::initializer_list<std::string_view> inputs) const {
    std::vector<kith_text> names;
    for (auto name : inputs) names.push_back({name.data(), name.size()});
    kith_loss_ref ref = nullptr;
    detail::check(detail::training().loss(instance(), detail::text(option), names.data(),
                                          static_cast<std::uint32_t>(names.size()), &ref));
    return LossCall(ref);
  }
  /// How many images are trained on: all of the train split, or data.train_images.
  std::int64_t train_images() const { return detail::training().train_images(instance()); }
  std::int64_t batch_size() const { return detail::training().batch_size(instance()); }
  /// 0 without labels.
  std::int64_t classes() const { return detail::training().classes(instance()); }
  Ranks ranks() const { return Ranks(instance()); }

  Progress progress() const {
    const auto* p = detail::training().progress(instance());
    return {p->step, p->steps, p->epoch, p->epochs, p->steps_per_epoch};
  }
  /// The value of a schedule at this step, as a 0-d tensor on the device.
  Tensor now(const Schedule& schedule) const {
    kith_tensor out = nullptr;
    const auto c = detail::c_schedule(schedule);
    detail::check(detail::training().schedule(instance(), &c, &out));
    return Tensor::adopt(out);
  }
  /// Records a 0-d tensor; the host reads it when it logs.
  void metric(std::string_view name, const Tensor& value) const {
    detail::check(detail::training().metric(instance(), detail::text(name), value.handle()));
  }

  /// Random tensors, the same on any number of threads and after a resume. The name tells draws of
  /// one step apart.
  Tensor uniform(std::string_view name, Ints sizes, double low = 0, double high = 1) const {
    return random(KITH_RANDOM_UNIFORM, name, sizes, low, high);
  }
  Tensor normal(std::string_view name, Ints sizes, double mean = 0, double deviation = 1) const {
    return random(KITH_RANDOM_NORMAL, name, sizes, mean, deviation);
  }
  /// int64 in [low, high).
  Tensor integers(std::string_view name, Ints sizes, std::int64_t low, std::int64_t high) const {
    return random(KITH_RANDOM_INTEGERS, name, sizes, static_cast<double>(low),
                  static_cast<double>(high));
  }
  Tensor permutation(std::string_view name, std::int64_t n) const {
    return random(KITH_RANDOM_PERMUTATION, name, Ints(&n, 1), 0, 0);
  }
  /// true with the given probability.
  Tensor mask(std::string_view name, Ints sizes, double probability) const {
    return random(KITH_RANDOM_MASK, name, sizes, probability, 0);
  }

 private:
  Tensor random(std::uint32_t kind, std::string_view name, Ints sizes, double a, double b) const {
    kith_tensor out = nullptr;
    detail::check(detail::training().random(instance(), kind, detail::text(name), sizes.data(),
                                            static_cast<std::uint32_t>(sizes.size()), a, b, &out));
    return Tensor::adopt(out);
  }
};

/// The batch of one optimiser step. Valid during the call.
class Step {
 public:
  explicit Step(kith_step step) : step_(step) {}
  std::uint32_t views() const { return detail::training().view_count(step_); }
  /// View i of every image, float [N, C, H, W].
  Tensor view(std::uint32_t index) const {
    kith_tensor out = nullptr;
    detail::check(detail::training().view(step_, index, &out));
    return Tensor::adopt(out);
  }
  /// int64 [N]: each image's position among those that are trained on, in [0, train_images()): its
  /// row in a memory bank.
  Tensor indices() const {
    kith_tensor out = nullptr;
    detail::check(detail::training().indices(step_, &out));
    return Tensor::adopt(out);
  }
  /// int64 [N]. @throws DataError without labels.
  Tensor labels() const {
    kith_tensor out = nullptr;
    detail::check(detail::training().labels(step_, &out));
    return Tensor::adopt(out);
  }

 private:
  kith_step step_;
};

/// A method computes the loss of a step.
///
/// A plugin derives from it and has identity, options,
///   static constexpr kith::Needs needs{...};
///   a constructor from (const kith::Setup&, const kith::Options&), and
///   kith::Tensor step(const kith::Step& step);
/// and may have
///   static void validate(const kith::Options&, std::int64_t batch_size, std::int64_t
///   train_images); void begin_epoch(const kith::Progress&);  void after_backward(const
///   kith::Step&); void after_optimizer(const kith::Step&);
///   double chance_value() const;   // the loss of a step that tells nothing apart: ln K of K equal
///                                  // candidates; not where a loss plugin has one
class Method {
 public:
  static constexpr const char* kInterface = KITH_METHOD_INTERFACE;

  template <class P, class W>
  static consteval void describe(W& w) {
    w.fact("needs", "min_views", detail::Decimal(P::needs.min_views).view(), "");
    w.fact("needs", "max_views", detail::Decimal(P::needs.max_views).view(), "");
    w.fact("needs", "min_batch", detail::Decimal(P::needs.min_batch).view(), "");
    if (P::needs.labels) w.fact("needs", "labels", "", "");
    w.fact("evaluated", P::needs.evaluated_role, P::needs.evaluated_output,
           P::needs.evaluated_copy);
  }
  template <class P, class W>
  static consteval void services(W& w) {
    w.service(KITH_TENSOR_SERVICE);
    w.service(KITH_MODULE_SERVICE);
    w.service(KITH_TRAINING_SERVICE);
  }
  template <class P>
  static const void* table() {
    static const kith_method_api api = make_table<P>();
    return &api;
  }

 private:
  template <class P>
  static kith_method_api make_table() {
    kith_method_api api{};
    api.struct_size = sizeof api;
    api.version = 1;
    api.create = [](kith_instance instance, const kith_arg* options, std::uint32_t n, void** self) {
      return detail::guard([&] { *self = new P(Setup(instance), Options(options, n)); });
    };
    api.destroy = [](void* self) { delete static_cast<P*>(self); };
    api.step = [](void* self, kith_step step, kith_tensor* loss) {
      return detail::guard([&] { *loss = static_cast<P*>(self)->step(Step(step)).give(); });
    };
    if constexpr (requires(const Options& o) { P::validate(o, 1, 1); }) {
      api.validate = [](const kith_arg* options, std::uint32_t n, std::int64_t batch_size,
                        std::int64_t train_images) {
        return detail::guard([&] { P::validate(Options(options, n), batch_size, train_images); });
      };
    }
    if constexpr (requires(P& p, const Progress& at) { p.begin_epoch(at); }) {
      api.begin_epoch = [](void* self, const kith_progress* p) {
        return detail::guard([&] {
          static_cast<P*>(self)->begin_epoch(
              Progress{p->step, p->steps, p->epoch, p->epochs, p->steps_per_epoch});
        });
      };
    }
    if constexpr (requires(P& p, const Step& s) { p.after_backward(s); }) {
      api.after_backward = [](void* self, kith_step step) {
        return detail::guard([&] { static_cast<P*>(self)->after_backward(Step(step)); });
      };
    }
    if constexpr (requires(P& p, const Step& s) { p.after_optimizer(s); }) {
      api.after_optimizer = [](void* self, kith_step step) {
        return detail::guard([&] { static_cast<P*>(self)->after_optimizer(Step(step)); });
      };
    }
    if constexpr (requires(const P& p) { p.chance_value(); }) {
      api.chance_value = [](void* self, double* out) {
        return detail::guard([&] { *out = static_cast<const P*>(self)->chance_value(); });
      };
    }
    return api;
  }
};

}  // namespace kith
