// SPDX-License-Identifier: Apache-2.0
//
// The networks of a method: encoders in roles, heads, and copies of both.
#pragma once

#include <kith/abi/method.h>
#include <kith/nn.hpp>
#include <kith/options.hpp>
#include <kith/ranks.hpp>

namespace kith {

namespace detail {
inline kith_schedule c_schedule(const Schedule& s) {
  static_assert(static_cast<int>(ScheduleKind::kConstant) == static_cast<int>(KITH_SCHEDULE_CONSTANT) &&
                static_cast<int>(ScheduleKind::kCosine) == static_cast<int>(KITH_SCHEDULE_COSINE) &&
                static_cast<int>(ScheduleKind::kLinear) == static_cast<int>(KITH_SCHEDULE_LINEAR));
  return {static_cast<std::uint32_t>(s.kind), 0, s.start, s.end};
}
}  // namespace detail

/// How a copy (teacher, key encoder, target) begins and follows its source. The optimiser never sees it.
struct CopyRule {
  Schedule ema_momentum;  // the old value's share, in [0, 1]
  bool begins_copied = true;
  std::uint32_t buffers = KITH_BUFFERS_OWN;  // or KITH_BUFFERS_COPIED, KITH_BUFFERS_AVERAGED
  bool moves_before_step = false;            // MoCo; false: after the optimiser (BYOL)

  kith_copy c() const {
    kith_copy copy{};
    copy.struct_size = sizeof copy;
    copy.begin = begins_copied ? KITH_BEGIN_COPIED : KITH_BEGIN_OWN;
    copy.buffers = buffers;
    copy.move = moves_before_step ? KITH_MOVE_BEFORE_STEP : KITH_MOVE_AFTER_OPTIMIZER;
    copy.ema_momentum = detail::c_schedule(ema_momentum);
    return copy;
  }
};

/// A network called through the host. One call is one forward: it sees just the rows it is given.
class Network {
 public:
  Network(kith_callable callable, std::uint32_t output, std::uint32_t n_outputs, std::int64_t width)
      : callable_(callable), output_(output), n_outputs_(n_outputs), width_(width) {}

  /// The output chosen when the network was made, [N, width].
  Tensor operator()(const Tensor& x) const {
    std::vector<kith_tensor> slots(n_outputs_, nullptr);
    detail::check(detail::modules().call(callable_, x.handle(), std::uint64_t{1} << output_, slots.data(), n_outputs_));
    return Tensor::adopt(slots[output_]);
  }
  /// Size of dimension 1 of the output.
  std::int64_t width() const { return width_; }
  /// MoCo's split statistics (groups) and statistics over ranks.
  void batch_norm(std::int64_t groups, bool synchronised) const {
    detail::check(detail::training().batch_norm_groups(callable_, groups, synchronised ? 1 : 0));
  }
  kith_callable callable() const { return callable_; }

 private:
  friend class NetworkSetup;
  kith_callable callable_;
  std::uint32_t output_, n_outputs_;
  std::int64_t width_;
};

/// The loss plugin that an experiment chose, called with the inputs named when it was made.
class LossCall {
 public:
  explicit LossCall(kith_loss_ref ref) : ref_(ref) {}
  template <class... T>
  Tensor operator()(const T&... inputs) const {
    const kith_tensor in[] = {inputs.handle()...};
    kith_tensor out = nullptr;
    detail::check(detail::training().loss_forward(ref_, in, sizeof...(T), &out));
    return Tensor::adopt(out);
  }

 private:
  kith_loss_ref ref_;
};

/// A head and what made it, so that it can be copied.
template <class Make>
struct Head : Network {
  Head(Network network, kith_instance scope, Make make)
      : Network(network), scope(scope), make(std::move(make)) {}
  kith_instance scope;
  Make make;
};

/// Makes networks while a method is constructed. [main thread]
class NetworkSetup {
 public:
  explicit NetworkSetup(kith_instance instance) : instance_(instance) {}
  kith_instance instance() const { return instance_; }
  /// For parameters and state of the method itself: prototypes, queue, bank, centre.
  Scope scope() const { return Scope(instance_, ""); }

  /// The encoder in a role, by one of its outputs.
  Network role(std::string_view name = "encoder", std::string_view output = "features") const {
    kith_callable callable = nullptr;
    detail::check(detail::training().role(instance_, detail::text(name), &callable));
    return with_output(callable, output);
  }
  /// A head: `make(Scope)` returns a std::unique_ptr to a module that declares its parameters in the scope.
  template <class Make>
  Head<Make> head(std::string_view name, Make make) const {
    kith_instance scope = nullptr;
    detail::check(detail::training().scope(instance_, detail::text(name), &scope));
    return make_head(scope, std::move(make));
  }
  Network copy(const Network& role, std::string_view name, const CopyRule& rule) const {
    const auto c = rule.c();
    kith_callable callable = nullptr;
    detail::check(detail::training().copy_role(role.callable(), detail::text(name), &c, &callable));
    return Network(callable, role.output_, role.n_outputs_, role.width_);
  }
  template <class Make>
  Head<Make> copy(const Head<Make>& head, std::string_view name, const CopyRule& rule) const {
    const auto c = rule.c();
    kith_instance scope = nullptr;
    detail::check(detail::training().copy_scope(head.scope, detail::text(name), &c, &scope));
    return make_head(scope, head.make);
  }
  /// Forces something on the method's own parameters whose names begin with the prefix: KITH_FORCE_*.
  void force(std::string_view prefix, std::uint32_t what, double value) const {
    detail::check(detail::training().force(instance_, detail::text(prefix), what, value));
  }

 private:
  static Network with_output(kith_callable callable, std::string_view output) {
    std::uint32_t index = 0, count = 0;
    std::int64_t width = 0;
    detail::check(detail::training().output(callable, detail::text(output), &index, &count, &width));
    return Network(callable, index, count, width);
  }
  template <class Make>
  static Head<Make> make_head(kith_instance scope, Make make) {
    using Pointer = decltype(make(Scope(scope, "")));
    kith_forward forward{};
    forward.struct_size = sizeof forward;
    forward.self = new Pointer(make(Scope(scope, "")));
    forward.destroy = [](void* self) { delete static_cast<Pointer*>(self); };
    forward.run = [](void* self, kith_tensor input, std::uint64_t, kith_tensor* outputs, std::uint32_t) {
      return detail::guard([&] { outputs[0] = (**static_cast<Pointer*>(self))(Tensor::borrow(input)).give(); });
    };
    kith_callable callable = nullptr;
    detail::check(detail::training().head(scope, &forward, &callable));
    return Head<Make>(Network(callable, 0, 1, 0), scope, std::move(make));
  }

  kith_instance instance_;
};

}  // namespace kith
