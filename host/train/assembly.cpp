// SPDX-License-Identifier: Apache-2.0
#include "train/assembly.h"

#include <ATen/ATen.h>

#include "tensor/border.h"

namespace kith::host {
namespace {

std::vector<AugmentationUse> make_augmentations(const std::vector<PluginUse>& list,
                                                PluginShelf& shelf) {
  std::vector<AugmentationUse> made;
  for (const auto& use : list) {
    const auto plugin = shelf.make(use);
    const PluginScope scope(plugin->metadata.id);
    made.push_back(
        {std::make_shared<Augmentation>(*host_table(), plugin->api<kith_augmentation_api>(),
                                        plugin->metadata, plugin->arguments.args()),
         use.probability, to_text(use.where)});
  }
  return made;
}

ViewSpec view_spec(std::int64_t size, int channels, Arithmetic arithmetic, bool channels_last) {
  ViewSpec spec;
  spec.height = spec.width = static_cast<int>(size);
  spec.channels = channels;
  spec.arithmetic = arithmetic;
  spec.channels_last = channels_last;
  return spec;
}

std::int64_t whole(const PluginObject& plugin, const char* name, std::int64_t otherwise) {
  return std::stoll(plugin.fact("needs", name, std::to_string(otherwise)));
}

/// What the method declares against what the experiment has.
void check_needs(const Assembly& a) {
  const auto& id = a.method->metadata.id;
  const auto views = static_cast<std::int64_t>(a.views.size());
  const auto least = whole(*a.method, "min_views", 1), most = whole(*a.method, "max_views", 1);
  const auto range =
      least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
  if (views < least || views > most)
    throw ConfigError(id + ": wants " + range + " views, [[views]] gives " + std::to_string(views));
  if (a.method->has_fact("needs", "labels") && !a.dataset->has_labels())
    throw ConfigError(id + ": needs labels, and the data set in '" + a.dataset->path().string() +
                      "' has none");
  const auto batch = a.experiment().train.batch_size;
  if (const auto min_batch = whole(*a.method, "min_batch", 1); batch < min_batch)
    throw ConfigError(id + ": needs a batch of at least " + std::to_string(min_batch) +
                      " images, train.batch_size is " + std::to_string(batch));
  if (batch > a.train_images())
    throw ConfigError("train.batch_size: the batch is larger than the data set: wanted at most " +
                      std::to_string(a.train_images()) + " (images of the train split), got " +
                      std::to_string(batch));
  const auto& api = a.method->api<kith_method_api>();
  const auto args = a.method->arguments.args();
  if (api.validate != nullptr)
    check_plugin(
        api.validate(args.data(), static_cast<std::uint32_t>(args.size()), batch, a.train_images()),
        id + ": options");
}

class Scratch : public ViewMaker::ThreadState {
 public:
  ViewScratch views;
};

}  // namespace

Assembly assemble(ResolvedExperiment resolved, PluginShelf& shelf) {
  Assembly a;
  a.resolved = std::move(resolved);
  a.resolved_toml = to_resolved_toml(a.resolved);
  const auto& e = a.experiment();
  shelf.check(e);
  a.dataset = open_dataset({.reader = to_text(e.data.reader),
                            .path = e.data.path,
                            .val_fraction = e.data.val_fraction,
                            .sha256 = e.data.sha256});
  for (const auto& role : e.roles) a.roles.emplace_back(role.name, shelf.make(role.plugin));
  a.method = shelf.make(e.method);
  const auto channels = a.dataset->channels();
  for (const auto& group : e.views) {
    const auto pipeline = std::make_shared<const ViewPipeline>(
        make_augmentations(group.augment, shelf),
        view_spec(group.size, channels, group.arithmetic, e.train.channels_last));
    for (std::int64_t i = 0; i < group.count; ++i) a.views.push_back(pipeline);
  }
  auto spec = view_spec(e.eval_view.size, channels, e.eval_view.arithmetic, e.train.channels_last);
  spec.resize = static_cast<int>(e.eval_view.resize);
  a.eval_view =
      std::make_shared<const ViewPipeline>(make_augmentations(e.eval_view.augment, shelf), spec);
  for (const auto& evaluation : e.evaluations)
    a.evaluations.push_back({evaluation, shelf.make(evaluation.plugin)});
  check_needs(a);
  return a;
}

std::vector<std::string> left_out(const Assembly& a) {
  std::vector<std::string> texts;
  for (const auto& evaluation : a.evaluations)
    if (evaluation.plugin->has_fact("needs", "labels") && !a.dataset->has_labels())
      texts.push_back(evaluation.plugin->metadata.id + ": needs labels, and the data set in '" +
                      a.dataset->path().string() + "' has none: this evaluation is left out");
  return texts;
}

std::unique_ptr<Job> make_job(const Assembly& a, at::Device device, bool shapes_only) {
  JobSettings settings;
  settings.seed = a.experiment().seed;
  settings.device = device;
  settings.train_images = a.train_images();
  settings.batch_size = a.experiment().train.batch_size;
  settings.classes = static_cast<std::int64_t>(a.dataset->class_names().size());
  settings.channels = a.dataset->channels();
  for (const auto& view : a.views) {
    settings.height = std::max<std::int64_t>(settings.height, view->spec().height);
    settings.width = std::max<std::int64_t>(settings.width, view->spec().width);
  }
  settings.shapes_only = shapes_only;
  auto job = std::make_unique<Job>(settings, make_single_rank());
  for (const auto& [role, encoder] : a.roles) job->add_role(role, encoder);
  job->make_method(a.method);
  return job;
}

std::unique_ptr<ViewMaker::ThreadState> AssemblyViews::make_thread_state() const {
  return std::make_unique<Scratch>();
}

void AssemblyViews::make_view(const Image& image, const SampleKey& key, int view, float* slot,
                              ThreadState& state) const {
  DrawKey draw;
  draw.seed = seed_;
  draw.epoch = static_cast<std::uint32_t>(key.epoch);
  draw.sample = static_cast<std::uint64_t>(key.index);
  draw.view = static_cast<std::uint32_t>(view);
  const ImageView source{image.pixels.data(), static_cast<int>(image.size.height),
                         static_cast<int>(image.size.width), static_cast<int>(image.size.channels)};
  assembly_.views[static_cast<std::size_t>(view)]->run(source, draw, slot,
                                                       static_cast<Scratch&>(state).views);
}

std::vector<std::size_t> AssemblyViews::view_floats() const {
  std::vector<std::size_t> floats;
  for (const auto& view : assembly_.views) floats.push_back(view->spec().floats());
  return floats;
}

at::Tensor as_views(float* floats, std::int64_t n, const ViewSpec& s) {
  if (s.channels_last)
    return at::from_blob(floats, {n, s.height, s.width, s.channels}, at::kFloat)
        .permute({0, 3, 1, 2});
  return at::from_blob(floats, {n, s.channels, s.height, s.width}, at::kFloat);
}

}  // namespace kith::host
