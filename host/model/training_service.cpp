// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <kith/random.hpp>

#include "model/job.h"
#include "tensor/border.h"
#include "tensor/handle.h"
#include "tensor/random_tensor.h"
#include "tensor/services.h"

namespace kith::host {
namespace {

kith_status role(kith_instance instance, kith_text name, kith_callable* out) {
  return serve("", [&] { *out = instance->job->find_role(to_string(name)); });
}

kith_status output(kith_callable callable, kith_text name, std::uint32_t* index,
                   std::uint32_t* n_outputs, std::int64_t* width) {
  return serve("", [&] {
    *index = callable->job->output_index(callable, to_string(name));
    *n_outputs = static_cast<std::uint32_t>(callable->outputs.size());
    if (width != nullptr) *width = callable->job->output_width(callable, *index);
  });
}

kith_status scope(kith_instance instance, kith_text name, kith_instance* out) {
  return serve("scope", [&] {
    *out = instance->job->new_instance(instance->prefix + "." + to_string(name), instance->plugin);
  });
}

kith_status head(kith_instance scope, const kith_forward* forward, kith_callable* out) {
  return serve("head", [&] {
    kith_callable_s callable;
    callable.instance = scope;
    callable.forward = *forward;
    *out = scope->job->new_callable(std::move(callable));
  });
}

kith_status copy_role(kith_callable source, kith_text name, const kith_copy* copy,
                      kith_callable* out) {
  return serve("copy", [&] { *out = source->job->copy_role(source, to_string(name), *copy); });
}

kith_status copy_scope(kith_instance scope, kith_text name, const kith_copy* copy,
                       kith_instance* out) {
  return serve("copy", [&] { *out = scope->job->copy_scope(scope, to_string(name), *copy); });
}

kith_status force(kith_instance instance, kith_text prefix, std::uint32_t what, double value) {
  return serve("force", [&] {
    const auto wanted = instance->prefix + "." + to_string(prefix);
    bool any = false;
    for (auto& p : instance->job->state().parameters()) {
      if (!p.name.starts_with(wanted)) continue;
      any = true;
      switch (what) {
        case KITH_FORCE_FROZEN_UNTIL_STEP:
          p.frozen_until_step = value;
          break;
        case KITH_FORCE_FROZEN_UNTIL_EPOCH:
          p.frozen_until_epoch = value;
          break;
        case KITH_FORCE_CONSTANT_LR:
          p.constant_lr = value != 0;
          break;
        case KITH_FORCE_LR_FACTOR:
          p.lr_factor = value;
          break;
        case KITH_FORCE_CLAMP_MIN:
          p.clamp_min = value;
          break;
        case KITH_FORCE_CLAMP_MAX:
          p.clamp_max = value;
          break;
        default:
          throw PluginError("unknown code " + std::to_string(what));
      }
    }
    if (!any) throw PluginError("no parameter's name begins with '" + wanted + "'");
  });
}

kith_status batch_norm_groups(kith_callable callable, std::int64_t groups,
                              std::int32_t synchronised) {
  return serve("batch_norm_groups", [&] {
    if (groups < 1) throw PluginError("groups must be at least 1, got " + std::to_string(groups));
    callable->instance->batch_norm_groups = groups;
    callable->instance->batch_norm_synchronised = synchronised != 0;
  });
}

kith_status loss(kith_instance instance, kith_text option, const kith_text* inputs,
                 std::uint32_t n_inputs, kith_loss_ref* out) {
  return serve("loss", [&] {
    const auto name = to_string(option);
    const auto found = instance->plugin->plugins.find(name);
    if (found == instance->plugin->plugins.end())
      throw PluginError("no plugin in option '" + name + "' of " + instance->plugin->metadata.id);
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < n_inputs; ++i) names.push_back(to_string(inputs[i]));
    *out = instance->job->make_loss(found->second, names);
  });
}

kith_status loss_forward(kith_loss_ref loss, const kith_tensor* inputs, std::uint32_t n_inputs,
                         kith_tensor* out) {
  return serve("", [&] { *out = call_loss(*loss, {inputs, n_inputs}); });
}

kith_status schedule(kith_instance instance, const kith_schedule* s, kith_tensor* out) {
  return serve("schedule", [&] {
    *out =
        wrap(at::full({}, schedule_value(*s, instance->job->progress()), instance->job->options()));
  });
}

kith_status view(kith_step step, std::uint32_t index, kith_tensor* out) {
  return serve("view", [&] {
    if (index >= step->views.size())
      throw ShapeError("no view " + std::to_string(index) + ", there are " +
                       std::to_string(step->views.size()));
    *out = wrap(step->views[index]);
  });
}

kith_status labels(kith_step step, kith_tensor* out) {
  return serve("labels", [&] {
    if (!step->labels.defined()) throw DataError("the data set has no labels");
    *out = wrap(step->labels);
  });
}

/// Draws are keyed by seed, epoch, step and name, so the same name in one step gives the same
/// numbers.
Draw draw_of(kith_instance instance, const std::string& name) {
  DrawKey key;
  key.seed = instance->job->settings().seed;
  key.purpose = DrawPurpose::kStep;
  key.epoch = static_cast<std::uint32_t>(instance->job->progress().epoch);
  key.step = static_cast<std::uint64_t>(instance->job->progress().step);
  return Draw(key, instance->prefix + "/" + name);
}

kith_status random(kith_instance instance, std::uint32_t kind, kith_text name,
                   const std::int64_t* sizes, std::uint32_t dim, double a, double b,
                   kith_tensor* out) {
  return serve("random", [&] {
    auto* job = instance->job;
    const auto given = job->draw_replacements().find(to_string(name));
    if (given != job->draw_replacements().end()) {
      *out = wrap(given->second);
      return;
    }
    const at::IntArrayRef shape(sizes, dim);
    const auto draw = draw_of(instance, to_string(name));
    const auto device = job->settings().device;
    switch (kind) {
      case KITH_RANDOM_UNIFORM:
        *out = wrap(random_uniform(draw, shape, a, b, job->options()));
        break;
      case KITH_RANDOM_NORMAL:
        *out = wrap(random_normal(draw, shape, a, b, job->options()));
        break;
      case KITH_RANDOM_INTEGERS:
        *out = wrap(random_integers(draw, shape, static_cast<std::int64_t>(a),
                                    static_cast<std::int64_t>(b), device));
        break;
      case KITH_RANDOM_PERMUTATION:
        *out = wrap(random_permutation(draw, sizes[0], device));
        break;
      case KITH_RANDOM_MASK:
        *out = wrap(random_mask(draw, shape, a, device));
        break;
      default:
        throw PluginError("unknown kind " + std::to_string(kind));
    }
  });
}

kith_training_api make_table() {
  kith_training_api t{};
  t.struct_size = sizeof t;
  t.version = 1;
  t.role = role;
  t.output = output;
  t.scope = scope;
  t.head = head;
  t.copy_role = copy_role;
  t.copy_scope = copy_scope;
  t.force = force;
  t.batch_norm_groups = batch_norm_groups;
  t.loss = loss;
  t.train_images = [](kith_instance i) { return i->job->settings().train_images; };
  t.batch_size = [](kith_instance i) { return i->job->settings().batch_size; };
  t.classes = [](kith_instance i) { return i->job->settings().classes; };
  t.loss_forward = loss_forward;
  t.progress = [](kith_instance i) -> const kith_progress* { return &i->job->progress(); };
  t.schedule = schedule;
  t.view_count = [](kith_step s) { return static_cast<std::uint32_t>(s->views.size()); };
  t.view = view;
  t.indices = [](kith_step s, kith_tensor* out) {
    return serve("indices", [&] { *out = wrap(s->indices); });
  };
  t.labels = labels;
  t.metric = [](kith_instance i, kith_text name, kith_tensor value) {
    return serve("metric", [&] {
      if (unwrap(value).numel() != 1)
        throw ShapeError("'" + to_string(name) + "' must have one number, got " +
                         c10::str(unwrap(value).sizes()));
      i->job->record_metric(to_string(name), unwrap(value));
    });
  };
  t.random = random;
  t.rank = [](kith_instance i) -> std::int32_t { return i->job->ranks().rank(); };
  t.ranks = [](kith_instance i) -> std::int32_t { return i->job->ranks().ranks(); };
  t.gather = [](kith_instance i, kith_tensor rows, std::int32_t gradient, kith_tensor* out) {
    return serve("gather",
                 [&] { *out = wrap(gather_rows(i->job->ranks(), unwrap(rows), gradient != 0)); });
  };
  t.all_reduce_sum = [](kith_instance i, kith_tensor value, kith_tensor* out) {
    return serve("all_reduce_sum",
                 [&] { *out = wrap(all_reduce_sum(i->job->ranks(), unwrap(value))); });
  };
  return t;
}

}  // namespace

const kith_training_api* training_service() {
  static const kith_training_api table = make_table();
  return &table;
}

}  // namespace kith::host
