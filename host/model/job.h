// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <kith/abi/encoder.h>
#include <kith/abi/loss.h>
#include <kith/abi/method.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/copy.h"
#include "model/plugin_object.h"
#include "model/ranks.h"
#include "model/state.h"
#include "model/tap.h"

namespace kith::host {

/// What the names of a method's tensors and heads begin with.
inline constexpr std::string_view kOfMethod = "method.";

struct JobSettings {
  std::uint64_t seed = 0;
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< of parameters, state and computation
  std::int64_t train_images = 0;
  std::int64_t batch_size = 0;
  std::int64_t classes = 0;
  std::int64_t channels = 3;
  std::int64_t height = 0, width = 0;  ///< px, of the largest view
  /// Calls of an encoder in training see their rows in so many chunks, one after the other.
  std::int64_t accumulation = 1;
  /// Constants instead of drawn numbers: for a dry run, where only shapes matter.
  bool shapes_only = false;
  /// Most bytes of parameters and buffers that may be declared; 0: as many as fit into memory.
  std::int64_t most_state_bytes = 0;
};

}  // namespace kith::host

/// One plugin instance, or a part of one, with the prefix of its names.
struct kith_instance_s {
  kith::host::Job* job = nullptr;
  std::string prefix;  // "encoder", "method.projector"
  kith_instance_s* copied_from = nullptr;
  std::int64_t batch_norm_groups = 1;
  bool batch_norm_synchronised = true;               // so that the number of ranks changes nothing
  const kith::host::PluginObject* plugin = nullptr;  // whose instance it is
};

/// A network that is called through the host.
struct kith_callable_s {
  kith::host::Job* job = nullptr;
  kith_instance_s* instance = nullptr;
  std::string role;  // of an encoder; empty for a head
  std::string copy;  // name of the copy; empty for the original
  kith_forward forward{};
  std::vector<std::string> outputs;  // names, in declared order
  std::vector<std::int64_t> widths;  // of dimension 1, by output; empty until asked for
  at::Tensor seen;  // of a head in a watched step: what its last call gave, without its graph
};

namespace kith::host {

/// An input of a loss in a call that was watched.
struct WatchedInput {
  std::string name;
  at::Tensor value;                          // without its graph
  bool gradient = false, unit_rows = false;  // flags that the loss declares
};

}  // namespace kith::host

struct kith_loss_ref_s {
  kith::host::PluginObjectPtr plugin;
  void* self = nullptr;
  std::vector<std::size_t> place;  // of each bound input among the declared ones
  std::size_t declared = 0;
  bool watched = false;  // the next three are of the last call that was watched
  std::vector<kith::host::WatchedInput> inputs;
  at::Tensor value;                    // without its graph
  std::optional<double> chance_value;  // for the call's shapes, where the loss has one
};

struct kith_step_s {
  kith::host::Job* job = nullptr;
  std::vector<at::Tensor> views;  // [N, C, H, W] each
  at::Tensor indices;             // int64 [N]
  at::Tensor labels;              // int64 [N], undefined without labels
};

namespace kith::host {

/// One rank's networks, state and method: what the service calls of its plugins find through their
/// handles.
///
/// The encoders are made with the job, the method by `make_method`. [train thread]
class Job {
 public:
  Job(const JobSettings& settings, std::unique_ptr<Communicator> communicator);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const JobSettings& settings() const { return settings_; }
  State& state() { return state_; }
  const State& state() const { return state_; }
  Communicator& ranks() { return *communicator_; }
  kith_progress& progress() { return progress_; }

  bool training() const { return training_; }
  /// Batch norm calls this in training: inside a chunk its statistics are of the chunk's rows.
  void note_batch_norm() { norm_saw_chunks_ = norm_saw_chunks_ || in_chunk_; }
  /// Whether batch norm ever took the statistics of a chunk for those of a call.
  bool norm_saw_chunks() const { return norm_saw_chunks_; }
  void set_training(bool training) { training_ = training; }

  /// Makes an encoder under the name of its role. @throws what the plugin throws, with its id.
  void add_role(const std::string& role, PluginObjectPtr encoder);
  void make_method(PluginObjectPtr method);
  /// The loss of a plugin object, for a method or a test. `inputs`: names in the order of later
  /// calls.
  kith_loss_ref make_loss(PluginObjectPtr loss, const std::vector<std::string>& inputs);

  const std::deque<kith_loss_ref_s>& losses() const { return losses_; }
  /// Whether the next calls leave behind what guards look at: of losses their inputs, their value
  /// and what that is at chance, of the method's heads their output.
  void watch(bool on);
  /// What the method's heads, copies apart, gave in a watched step, by name.
  std::map<std::string, at::Tensor> seen_of_heads() const;

  kith_callable find_role(const std::string& role, const std::string& copy = "");
  /// A head of the method. @throws ConfigError with the nearest name.
  kith_callable find_head(const std::string& head, const std::string& copy = "");
  std::vector<std::string> role_names() const;
  /// The largest number of batch-norm groups that the method gave a network; 1 without any.
  std::int64_t most_batch_norm_groups() const;
  /// One forward of a network. `want`: bit i asks for output i.
  std::vector<at::Tensor> call(kith_callable callable, const at::Tensor& input, std::uint64_t want);
  /// From here on the tap sees each call of `call` in training; null: none does. It outlives that.
  void set_tap(Tap* tap) { tap_ = tap; }
  /// The named output's position. @throws ConfigError with the nearest name.
  std::uint32_t output_index(kith_callable callable, const std::string& output);
  /// Size of dimension 1 of an output; runs the encoder once on zeros.
  std::int64_t output_width(kith_callable callable, std::uint32_t index);

  /// The loss of one batch. The method's error names plugin, call and step.
  at::Tensor method_step(kith_step_s& step);
  void method_begin_epoch();
  void method_after_backward(kith_step_s& step);
  void method_after_optimizer(kith_step_s& step);
  /// The loss of a step that tells nothing apart, where the method knows one.
  std::optional<double> method_chance_value() const;

  /// Copies that follow their source at this moment (KITH_MOVE_*).
  void move_copies(std::uint32_t moment);
  const std::deque<Copy>& copies() const { return copies_; }

  /// What plugins recorded since the last call, by name.
  std::map<std::string, at::Tensor> take_metrics() { return std::exchange(metrics_, {}); }
  void record_metric(const std::string& name, const at::Tensor& value) {
    metrics_[name] = value.detach();
  }

  /// Tests: named draws of plugins that are replaced by given tensors.
  std::map<std::string, at::Tensor>& draw_replacements() { return draw_replacements_; }

  /// Counts the bytes of a tensor that is about to be declared.
  /// @throws ConfigError  if all declared ones were more than JobSettings::most_state_bytes.
  void reserve_state(const std::string& name, std::span<const std::int64_t> sizes,
                     std::size_t item_bytes);

  // Used by the services.
  kith_instance new_instance(std::string prefix, const PluginObject* plugin);
  kith_callable new_callable(kith_callable_s callable);
  kith_callable copy_role(kith_callable source, const std::string& name, const kith_copy& rule);
  kith_instance copy_scope(kith_instance scope, const std::string& name, const kith_copy& rule);
  const PluginObject* method_plugin() const { return method_plugin_.get(); }
  at::TensorOptions options() const {
    return at::TensorOptions(settings_.dtype).device(settings_.device);
  }

 private:
  std::vector<at::Tensor> call_whole(kith_callable callable, const at::Tensor& input,
                                     std::uint64_t want);
  std::vector<at::Tensor> call_chunked(kith_callable callable, const at::Tensor& input,
                                       std::uint64_t want);
  /// `changes`: options that have another value than the plugin object's.
  kith_callable make_encoder(kith_instance instance, PluginObjectPtr encoder,
                             const std::string& role, std::span<const kith_arg> changes = {});
  void add_copy(kith_instance source, kith_instance copy, const kith_copy& rule);
  /// Fills copies that begin as their source, once all parameters are declared.
  void begin_copies();
  std::string at_step(const char* call) const;

  JobSettings settings_;
  std::unique_ptr<Communicator> communicator_;
  State state_;
  std::int64_t reserved_bytes_ = 0;
  kith_progress progress_{};
  bool training_ = true;
  bool in_chunk_ = false, norm_saw_chunks_ = false, watched_ = false;
  std::deque<kith_instance_s> instances_;
  std::deque<kith_callable_s> callables_;
  std::deque<kith_loss_ref_s> losses_;
  std::deque<Copy> copies_;
  std::vector<PluginObjectPtr> plugins_;
  std::map<std::string, PluginObjectPtr> role_plugins_;
  std::vector<std::string> role_order_;
  PluginObjectPtr method_plugin_;
  void* method_ = nullptr;
  std::map<std::string, at::Tensor> metrics_;
  std::map<std::string, at::Tensor> draw_replacements_;
  Tap* tap_ = nullptr;
};

/// Calls a loss with its bound inputs, in their order; the caller owns the result.
///
/// A loss computes in float32 or wider: under autocast it runs as without it, and what autocast
/// made narrower is handed to it as float32.
/// @throws ShapeError on another number of inputs, and what the plugin throws, with its id.
kith_tensor call_loss(kith_loss_ref_s& loss, std::span<const kith_tensor> inputs);

/// Whether a word is among a fact's flags.
bool has_flag(const Fact& fact, const std::string& flag);

}  // namespace kith::host
