// SPDX-License-Identifier: Apache-2.0
#include "model/job.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/ScopeExit.h>

#include <algorithm>

#include "config/read_value.h"
#include "model/chunked_call.h"
#include "plugin/nearest_name.h"
#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/recompute.h"

namespace kith::host {
namespace {

/// Of the method, a copy's too.
bool is_head(const kith_callable_s& callable) {
  return callable.role.empty() && callable.instance->prefix.starts_with(kOfMethod);
}

/// A plugin object's options with some of them changed.
std::vector<kith_arg> changed(const PluginObject& plugin, std::span<const kith_arg> changes) {
  const auto given = plugin.arguments.args();
  std::vector<kith_arg> args(given.begin(), given.end());
  for (const auto& change : changes) {
    const auto at = std::find_if(args.begin(), args.end(), [&](const kith_arg& a) {
      return std::string_view(a.name) == change.name;
    });
    if (at == args.end()) {
      std::vector<std::string> names;
      for (const auto& a : args) names.emplace_back(a.name);
      const auto nearest = nearest_name(change.name, names);
      throw ConfigError(plugin.metadata.id + ": no option '" + change.name +
                        "' that a copy could change" +
                        (nearest ? "; did you mean '" + *nearest + "'?" : ""));
    }
    if (at->value.tag != change.value.tag)
      throw ConfigError(plugin.metadata.id + ": option '" + change.name +
                        "' of a copy has another type than declared");
    at->value = change.value;
  }
  return args;
}

}  // namespace

Job::Job(const JobSettings& settings, std::unique_ptr<Communicator> communicator)
    : settings_(settings), communicator_(std::move(communicator)) {
  progress_.struct_size = sizeof progress_;
}

Job::~Job() {
  if (method_ != nullptr) method_plugin_->api<kith_method_api>().destroy(method_);
  for (auto& loss : losses_) loss.plugin->api<kith_loss_api>().destroy(loss.self);
  for (auto& callable : callables_)
    if (callable.forward.destroy != nullptr) callable.forward.destroy(callable.forward.self);
}

kith_instance Job::new_instance(std::string prefix, const PluginObject* plugin) {
  for (const auto& instance : instances_)
    if (instance.prefix == prefix) throw PluginError("name '" + prefix + "' is taken");
  kith_instance_s instance;
  instance.job = this;
  instance.prefix = std::move(prefix);
  instance.plugin = plugin;
  instances_.push_back(std::move(instance));
  return &instances_.back();
}

void Job::reserve_state(const std::string& name, std::span<const std::int64_t> sizes,
                        std::size_t item_bytes) {
  if (settings_.most_state_bytes == 0) return;
  double bytes = static_cast<double>(item_bytes);
  for (const auto size : sizes) bytes *= static_cast<double>(std::max<std::int64_t>(size, 0));
  bytes += static_cast<double>(reserved_bytes_);
  if (bytes > static_cast<double>(settings_.most_state_bytes))
    throw ConfigError("'" + name + "' makes the state larger than the " +
                      std::to_string(settings_.most_state_bytes >> 20) + " MiB that it may have");
  reserved_bytes_ = static_cast<std::int64_t>(bytes);
}

kith_callable Job::new_callable(kith_callable_s callable) {
  callable.job = this;
  callables_.push_back(std::move(callable));
  return &callables_.back();
}

kith_callable Job::make_encoder(kith_instance instance, PluginObjectPtr encoder,
                                const std::string& role, std::span<const kith_arg> changes) {
  const auto& api = encoder->api<kith_encoder_api>();
  kith_encoder_input input{};
  input.struct_size = sizeof input;
  input.channels = settings_.channels;
  input.height = settings_.height;
  input.width = settings_.width;
  const auto args = changed(*encoder, changes);
  const PluginScope scope(encoder->metadata.id);
  void* self = nullptr;
  check_plugin(
      api.create(instance, &input, args.data(), static_cast<std::uint32_t>(args.size()), &self),
      encoder->metadata.id + ": constructor");
  kith_callable_s callable;
  callable.instance = instance;
  callable.role = role;
  callable.forward = {sizeof(kith_forward), self, api.forward, api.destroy};
  for (const auto& fact : encoder->facts("output")) callable.outputs.push_back(fact.name);
  plugins_.push_back(std::move(encoder));
  return new_callable(std::move(callable));
}

void Job::add_role(const std::string& role, PluginObjectPtr encoder) {
  make_encoder(new_instance(role, encoder.get()), encoder, role);
  role_plugins_[role] = std::move(encoder);
  role_order_.push_back(role);
}

void Job::make_method(PluginObjectPtr method) {
  method_plugin_ = std::move(method);
  const PluginScope scope(method_plugin_->metadata.id);
  const auto& api = method_plugin_->api<kith_method_api>();
  const auto args = method_plugin_->arguments.args();
  check_plugin(api.create(new_instance("method", method_plugin_.get()), args.data(),
                          static_cast<std::uint32_t>(args.size()), &method_),
               method_plugin_->metadata.id + ": constructor");
  begin_copies();
}

kith_loss_ref Job::make_loss(PluginObjectPtr loss, const std::vector<std::string>& inputs) {
  std::vector<std::string> declared;
  for (const auto& fact : loss->facts("input")) declared.push_back(fact.name);
  kith_loss_ref_s ref;
  ref.declared = declared.size();
  for (const auto& name : inputs) {
    const auto at = std::find(declared.begin(), declared.end(), name);
    if (at == declared.end()) {
      const auto nearest = nearest_name(name, declared);
      throw ConfigError(loss->metadata.id + ": the loss has no input '" + name +
                        "' that the method binds" + (nearest ? "; it has '" + *nearest + "'" : ""));
    }
    ref.place.push_back(static_cast<std::size_t>(at - declared.begin()));
  }
  for (const auto& fact : loss->facts("input")) {
    if (!has_flag(fact, "optional") &&
        std::find(inputs.begin(), inputs.end(), fact.name) == inputs.end())
      throw ConfigError(loss->metadata.id + ": the loss wants an input '" + fact.name +
                        "' that the method does not give");
  }
  const auto args = loss->arguments.args();
  const PluginScope scope(loss->metadata.id);
  check_plugin(loss->api<kith_loss_api>().create(
                   new_instance("loss" + std::to_string(losses_.size()), loss.get()), args.data(),
                   static_cast<std::uint32_t>(args.size()), &ref.self),
               loss->metadata.id + ": constructor");
  ref.plugin = std::move(loss);
  losses_.push_back(std::move(ref));
  return &losses_.back();
}

kith_callable Job::find_role(const std::string& role, const std::string& copy) {
  std::vector<std::string> names;
  for (auto& callable : callables_) {
    if (callable.role.empty()) continue;
    if (callable.role == role && callable.copy == copy) return &callable;
    names.push_back(callable.copy.empty() ? callable.role : callable.role + "." + callable.copy);
  }
  const auto wanted = copy.empty() ? role : role + "." + copy;
  const auto nearest = nearest_name(wanted, names);
  throw ConfigError("role: no encoder in role '" + wanted + "'" +
                    (nearest ? "; did you mean '" + *nearest + "'?" : ""));
}

kith_callable Job::find_head(const std::string& head, const std::string& copy) {
  if (head.find('@') != std::string::npos)
    throw ConfigError("head: got '" + head + "'; a copy of a head is chosen by `copy`");
  const auto wanted = copy.empty() ? head : head + "@" + copy;
  std::vector<std::string> names;
  for (auto& callable : callables_) {
    if (!is_head(callable)) continue;
    names.push_back(callable.instance->prefix.substr(kOfMethod.size()));
    if (names.back() == wanted) return &callable;
  }
  throw ConfigError("head: " + method_plugin_->metadata.id + " has no head '" + wanted + "'; " +
                    (names.empty() ? "it has none" : "its heads: " + quoted_list(names)) +
                    did_you_mean(wanted, names));
}

std::int64_t Job::most_batch_norm_groups() const {
  std::int64_t most = 1;
  for (const auto& instance : instances_) most = std::max(most, instance.batch_norm_groups);
  return most;
}

std::vector<std::string> Job::role_names() const { return role_order_; }

std::vector<at::Tensor> Job::call(kith_callable callable, const at::Tensor& input,
                                  std::uint64_t want) {
  const bool chunked = settings_.accumulation > 1 && training_ && !in_chunk_ &&
                       !callable->role.empty() && input.size(0) > 1;
  auto outputs = chunked ? call_chunked(callable, input, want) : call_whole(callable, input, want);
  if (tap_ != nullptr && training_ && !in_chunk_) tap_->see(callable, input, outputs);
  if (watched_ && training_ && is_head(*callable) && outputs[0].defined())
    callable->seen = outputs[0].detach();
  return outputs;
}

void Job::watch(bool on) {
  watched_ = on;
  for (auto& callable : callables_) callable.seen.reset();
  for (auto& loss : losses_) {
    loss.watched = on;
    loss.inputs.clear();
    loss.value.reset();
  }
}

std::map<std::string, at::Tensor> Job::seen_of_heads() const {
  std::map<std::string, at::Tensor> seen;
  for (const auto& callable : callables_)
    if (callable.seen.defined() && callable.instance->copied_from == nullptr)
      seen[callable.instance->prefix.substr(kOfMethod.size())] = callable.seen;
  return seen;
}

std::vector<at::Tensor> Job::call_chunked(kith_callable callable, const at::Tensor& input,
                                          std::uint64_t want) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < callable->outputs.size(); ++i)
    if (((want >> i) & 1U) != 0) wanted.push_back(i);
  const auto chunk = (input.size(0) + settings_.accumulation - 1) / settings_.accumulation;
  auto outputs = call_in_chunks(input, chunk, wanted.size(), [=, this](const at::Tensor& rows) {
    in_chunk_ = true;
    const auto leave = c10::make_scope_exit([this] { in_chunk_ = false; });
    auto all = call_whole(callable, rows, want);
    std::vector<at::Tensor> chosen;
    for (const auto i : wanted) chosen.push_back(std::move(all[i]));
    return chosen;
  });
  std::vector<at::Tensor> results(callable->outputs.size());
  for (std::size_t k = 0; k < wanted.size(); ++k) results[wanted[k]] = std::move(outputs[k]);
  return results;
}

std::vector<at::Tensor> Job::call_whole(kith_callable callable, const at::Tensor& input,
                                        std::uint64_t want) {
  const auto n = callable->outputs.empty() ? std::size_t{1} : callable->outputs.size();
  std::vector<kith_tensor> slots(n, nullptr);
  const Lent lent(input);
  const PluginScope scope(callable->instance->plugin->metadata.id);
  const auto status = callable->forward.run(callable->forward.self, lent.get(), want, slots.data(),
                                            static_cast<std::uint32_t>(n));
  std::vector<at::Tensor> results;
  for (auto* slot : slots) results.push_back(take(slot));
  check_plugin(status, callable->instance->prefix + ": forward");
  for (std::size_t i = 0; i < n; ++i)
    if (((want >> i) & 1U) != 0 && !results[i].defined())
      throw PluginError(
          callable->instance->prefix + ": forward gave no output " +
          (callable->outputs.empty() ? std::to_string(i) : "'" + callable->outputs[i] + "'"));
  return results;
}

std::uint32_t Job::output_index(kith_callable callable, const std::string& output) {
  for (std::size_t i = 0; i < callable->outputs.size(); ++i)
    if (callable->outputs[i] == output) return static_cast<std::uint32_t>(i);
  const auto nearest = nearest_name(output, callable->outputs);
  throw ConfigError(callable->instance->prefix + ": the encoder has no output '" + output + "'" +
                    (nearest ? "; did you mean '" + *nearest + "'?" : ""));
}

std::int64_t Job::output_width(kith_callable callable, std::uint32_t index) {
  if (callable->widths.empty()) {
    const at::NoGradGuard no_grad;
    const bool was_training = std::exchange(training_, false);
    const auto zeros =
        at::zeros({1, settings_.channels, settings_.height, settings_.width}, options());
    const auto outputs = call(callable, zeros, std::uint64_t{1} << index);
    training_ = was_training;
    if (outputs[index].dim() < 2)
      throw PluginError(callable->instance->prefix + ": output '" + callable->outputs[index] +
                        "' must have at least two dimensions, got " +
                        c10::str(outputs[index].sizes()));
    callable->widths.assign(callable->outputs.size(), 0);
    callable->widths[index] = outputs[index].size(1);
  } else if (callable->widths[index] == 0) {
    auto others = std::exchange(callable->widths, {});
    const auto width = output_width(callable, index);
    callable->widths = std::move(others);
    callable->widths[index] = width;
  }
  return callable->widths[index];
}

kith_callable Job::copy_role(kith_callable source, const std::string& name, const kith_copy& rule) {
  auto* instance = new_instance(source->instance->prefix + "@" + name, source->instance->plugin);
  instance->copied_from = source->instance;
  auto* callable = make_encoder(instance, role_plugins_.at(source->role), source->role,
                                {rule.options, rule.n_options});
  callable->copy = name;
  add_copy(source->instance, instance, rule);
  return callable;
}

kith_instance Job::copy_scope(kith_instance scope, const std::string& name, const kith_copy& rule) {
  auto* instance = new_instance(scope->prefix + "@" + name, scope->plugin);
  instance->copied_from = scope;
  add_copy(scope, instance, rule);
  return instance;
}

void Job::add_copy(kith_instance source, kith_instance copy, const kith_copy& rule) {
  copies_.push_back({source, copy, rule, {}, {}});
  copies_.back().rule.options = nullptr;  // they live as long as the call
  copies_.back().rule.n_options = 0;
}

void Job::begin_copies() {
  for (auto& copy : copies_) {
    copy.pair(state_);
    if (copy.rule.begin == KITH_BEGIN_COPIED) copy.begin();
  }
}

void Job::move_copies(std::uint32_t moment) {
  for (const auto& copy : copies_)
    if (copy.rule.move == moment) copy.move(schedule_value(copy.rule.ema_momentum, progress_));
}

std::string Job::at_step(const char* call) const {
  return method_plugin_->metadata.id + ": " + call + " (step " + std::to_string(progress_.step) +
         ")";
}

at::Tensor Job::method_step(kith_step_s& step) {
  step.job = this;
  const ForwardStateGuard state({});
  const PluginScope scope(method_plugin_->metadata.id);
  kith_tensor out = nullptr;
  check_plugin(method_plugin_->api<kith_method_api>().step(method_, &step, &out), at_step("step"));
  auto loss = take(out);
  if (!loss.defined())
    throw PluginError(at_step("step") + ": returned no loss, wanted a tensor with one number");
  if (loss.numel() != 1)
    throw PluginError(at_step("step") + ": the loss must have one number, got " +
                      c10::str(loss.sizes()));
  return loss;
}

void Job::method_begin_epoch() {
  const auto& api = method_plugin_->api<kith_method_api>();
  const PluginScope scope(method_plugin_->metadata.id);
  if (api.begin_epoch != nullptr)
    check_plugin(api.begin_epoch(method_, &progress_), at_step("begin_epoch"));
}

void Job::method_after_backward(kith_step_s& step) {
  const auto& api = method_plugin_->api<kith_method_api>();
  const PluginScope scope(method_plugin_->metadata.id);
  if (api.after_backward != nullptr)
    check_plugin(api.after_backward(method_, &step), at_step("after_backward"));
}

void Job::method_after_optimizer(kith_step_s& step) {
  const auto& api = method_plugin_->api<kith_method_api>();
  const PluginScope scope(method_plugin_->metadata.id);
  if (api.after_optimizer != nullptr)
    check_plugin(api.after_optimizer(method_, &step), at_step("after_optimizer"));
}

std::optional<double> Job::method_chance_value() const {
  const auto& api = method_plugin_->api<kith_method_api>();
  if (!KITH_HAS(&api, chance_value) || api.chance_value == nullptr) return std::nullopt;
  const PluginScope scope(method_plugin_->metadata.id);
  double value = 0;
  check_plugin(api.chance_value(method_, &value), at_step("chance_value"));
  return value;
}

}  // namespace kith::host
