// SPDX-License-Identifier: Apache-2.0
//
// The networks of a method: encoders in roles, heads, and copies of both.
#pragma once

#include <kith/abi/method.h>

#include <functional>
#include <kith/nn.hpp>
#include <kith/options.hpp>
#include <kith/ranks.hpp>
#include <memory>

namespace kith {

namespace detail {
inline kith_schedule c_schedule(const Schedule& s) {
  static_assert(static_cast<int>(ScheduleKind::kConstant) ==
                    static_cast<int>(KITH_SCHEDULE_CONSTANT) &&
                static_cast<int>(ScheduleKind::kCosine) == static_cast<int>(KITH_SCHEDULE_COSINE) &&
                static_cast<int>(ScheduleKind::kLinear) == static_cast<int>(KITH_SCHEDULE_LINEAR));
  return {static_cast<std::uint32_t>(s.kind), 0, s.start, s.end};
}
}  // namespace detail

/// What becomes of a copy's buffers (running averages).
enum class Buffers : std::uint32_t {
  kOwn = KITH_BUFFERS_OWN,            // its own calls move them
  kCopied = KITH_BUFFERS_COPIED,      // each move takes the source's
  kAveraged = KITH_BUFFERS_AVERAGED,  // as the parameters
};

/// An option of a role's encoder that has another value in a copy: `{"drop_path", 0.0}`.
class CopyOption {
 public:
  CopyOption(const char* name, double value) : arg_{name, {KITH_DOUBLE, 1, {.d = value}}} {}
  CopyOption(const char* name, std::int64_t value) : arg_{name, {KITH_INT, 1, {.i = value}}} {}
  CopyOption(const char* name, int value) : CopyOption(name, std::int64_t{value}) {}
  CopyOption(const char* name, bool value) : arg_{name, {KITH_BOOL, 1, {.i = value ? 1 : 0}}} {}
  const kith_arg& arg() const { return arg_; }

 private:
  kith_arg arg_;
};

/// How a copy (teacher, key encoder, target) begins and follows its source. The optimiser never
/// sees it.
struct CopyRule {
  Schedule ema_momentum;  // the old value's share, in [0, 1]
  bool begins_copied = true;
  Buffers buffers = Buffers::kOwn;
  bool moves_before_step = false;  // MoCo; false: after the optimiser (BYOL)
  std::vector<CopyOption> options =
      {};  // of an encoder; those not listed are the source's. A head's copy has none
};

/// What a method may force on parameters; the number that goes with it in [brackets].
enum class Force : std::uint32_t {
  kFrozenUntilStep =
      KITH_FORCE_FROZEN_UNTIL_STEP,  // [the first step that trains it; infinity: never]
  kFrozenUntilEpoch = KITH_FORCE_FROZEN_UNTIL_EPOCH,  // [the first epoch that trains it, from 0]
  kConstantLr = KITH_FORCE_CONSTANT_LR,               // [1] the base rate, without the schedule
  kLrFactor = KITH_FORCE_LR_FACTOR,                   // [what the rate is multiplied by]
  kClampMin = KITH_FORCE_CLAMP_MIN,                   // [the least value after each optimiser step]
  kClampMax = KITH_FORCE_CLAMP_MAX,                   // [the largest]
};

/// A network called through the host. One call is one forward: it sees just the rows it is given.
/// Cheap to copy.
class Network {
 public:
  /// The output chosen when the network was made, [N, width].
  Tensor operator()(const Tensor& x) const {
    std::vector<kith_tensor> slots(n_outputs_, nullptr);
    detail::check(detail::modules().call(callable_, x.handle(), std::uint64_t{1} << output_,
                                         slots.data(), n_outputs_));
    return Tensor::adopt(slots[output_]);
  }
  /// Size of dimension 1 of an encoder's output; 0 for a head.
  std::int64_t width() const { return width_; }
  /// Whose rows batch norm's statistics are of. Without this call: all of the batch, over all
  /// ranks, so that several devices train as one does.
  /// @param groups        parts of the batch with statistics of their own, 1 to the batch size
  ///                      (MoCo, arXiv 1911.05722, Sec. 3.3)
  /// @param synchronised  with one group: of the rows of all ranks, or of each rank's own
  void batch_norm(std::int64_t groups, bool synchronised) const {
    detail::check(detail::training().batch_norm_groups(callable_, groups, synchronised ? 1 : 0));
  }
  kith_callable callable() const { return callable_; }

 private:
  friend class NetworkSetup;
  /// Makes the network of a head in a scope and hands it to the host.
  using Make = std::function<kith_callable(kith_instance scope)>;

  kith_callable callable_ = nullptr;
  std::uint32_t output_ = 0, n_outputs_ = 1;
  std::int64_t width_ = 0;
  kith_instance scope_ = nullptr;     // of a head
  std::shared_ptr<const Make> make_;  // of a head, so that it can be copied
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
  /// A head: `make(Scope)` returns a std::unique_ptr to a module that declares its parameters in
  /// the scope.
  template <class M>
  Network head(std::string_view name, M make) const {
    Network head;
    detail::check(detail::training().scope(instance_, detail::text(name), &head.scope_));
    head.make_ = std::make_shared<const Network::Make>(
        [make = std::move(make)](kith_instance scope) { return make_head(scope, make); });
    head.callable_ = (*head.make_)(head.scope_);
    return head;
  }
  /// A second network like the given encoder or head, with parameters of its own that follow as the
  /// rule says.
  Network copy(const Network& source, std::string_view name, const CopyRule& rule) const {
    Network copied = source;
    if (source.make_ != nullptr) {
      const auto c = c_rule(rule, {});
      detail::check(
          detail::training().copy_scope(source.scope_, detail::text(name), &c, &copied.scope_));
      copied.callable_ = (*copied.make_)(copied.scope_);
    } else {
      std::vector<kith_arg> options;
      for (const auto& option : rule.options) options.push_back(option.arg());
      const auto c = c_rule(rule, options);
      detail::check(detail::training().copy_role(source.callable_, detail::text(name), &c,
                                                 &copied.callable_));
    }
    return copied;
  }
  /// Forces something on the method's own parameters whose names begin with the prefix.
  void force(std::string_view prefix, Force what, double value) const {
    detail::check(detail::training().force(instance_, detail::text(prefix),
                                           static_cast<std::uint32_t>(what), value));
  }

 private:
  static kith_copy c_rule(const CopyRule& rule, const std::vector<kith_arg>& options) {
    kith_copy copy{};
    copy.struct_size = sizeof copy;
    copy.begin = rule.begins_copied ? KITH_BEGIN_COPIED : KITH_BEGIN_OWN;
    copy.buffers = static_cast<std::uint32_t>(rule.buffers);
    copy.move = rule.moves_before_step ? KITH_MOVE_BEFORE_STEP : KITH_MOVE_AFTER_OPTIMIZER;
    copy.ema_momentum = detail::c_schedule(rule.ema_momentum);
    copy.options = options.data();
    copy.n_options = static_cast<std::uint32_t>(options.size());
    return copy;
  }
  static Network with_output(kith_callable callable, std::string_view output) {
    Network network;
    network.callable_ = callable;
    detail::check(detail::training().output(callable, detail::text(output), &network.output_,
                                            &network.n_outputs_, &network.width_));
    return network;
  }
  template <class M>
  static kith_callable make_head(kith_instance scope, const M& make) {
    using Pointer = decltype(make(Scope(scope, "")));
    kith_forward forward{};
    forward.struct_size = sizeof forward;
    forward.self = new Pointer(make(Scope(scope, "")));
    forward.destroy = [](void* self) { delete static_cast<Pointer*>(self); };
    forward.run = [](void* self, kith_tensor input, std::uint64_t, kith_tensor* outputs,
                     std::uint32_t) {
      return detail::guard(
          [&] { outputs[0] = (**static_cast<Pointer*>(self))(Tensor::borrow(input)).give(); });
    };
    kith_callable callable = nullptr;
    detail::check(detail::training().head(scope, &forward, &callable));
    return callable;
  }

  kith_instance instance_;
};

}  // namespace kith
