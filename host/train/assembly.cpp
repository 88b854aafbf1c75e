// SPDX-License-Identifier: Apache-2.0
#include "train/assembly.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/train_subset.h"
#include "digest/sha256.h"
#include "model/validate_method.h"
#include "tensor/border.h"
#include "train/data_settings.h"
#include "train/measured_options.h"
#include "train/threads.h"

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
    throw ConfigError(
        "train.batch_size: the batch is larger than the data set: wanted at most " +
        std::to_string(a.train_images()) +
        (a.trained.empty() ? " (images of the train split)" : " (data.train_images)") + ", got " +
        std::to_string(batch));
  if (const auto chunks = a.experiment().train.accumulation; chunks > batch)
    throw ConfigError("train.accumulation: wanted at most train.batch_size, which is " +
                      std::to_string(batch) + ", got " + std::to_string(chunks));
  validate_method(*a.method, batch, a.train_images());
}

EvaluationPart make_evaluation(const EvaluationConfig& config, const Assembly& a,
                               PluginShelf& shelf) {
  EvaluationPart part;
  part.config = config;
  part.plugin = shelf.make(config.plugin);
  if (!config.augment) return part;
  part.views = static_cast<int>(whole(*part.plugin, "views", 0));
  part.view_images = whole(*part.plugin, "view_images", 0);
  const auto& first = a.experiment().views.front();
  const auto spec = view_spec(first.size, a.dataset->channels(), first.arithmetic,
                              a.experiment().train.channels_last);
  auto list = make_augmentations(*config.augment, shelf);
  part.view = std::make_shared<const ViewPipeline>(list, spec);
  std::erase_if(list, [](const AugmentationUse& use) { return use.augmentation->final(); });
  auto plain = spec;
  plain.channels_last = false;
  part.pixel_view = std::make_shared<const ViewPipeline>(std::move(list), plain);
  return part;
}

class Scratch : public ViewMaker::ThreadState {
 public:
  ViewScratch views;
};

}  // namespace

Assembly assemble(ResolvedExperiment resolved, PluginShelf& shelf) {
  Assembly a;
  a.resolved = std::move(resolved);
  const auto& e = a.experiment();
  shelf.check(e);
  auto settings = dataset_settings(e.data);
  settings.threads = startup_threads(e.train);
  a.dataset = open_dataset(settings);
  if (e.data.train_images)
    a.trained = choose_train_images(*a.dataset, *e.data.train_images, e.seed);
  a.measured = measure_options(a.resolved.experiment, *a.dataset);
  a.resolved_toml = to_resolved_toml(a.resolved);
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
    a.evaluations.push_back(make_evaluation(evaluation, a, shelf));
  check_needs(a);
  return a;
}

std::vector<std::int64_t> Assembly::positions(std::vector<std::int64_t> indices) const {
  if (trained.empty()) return indices;
  for (auto& index : indices)
    index = std::lower_bound(trained.begin(), trained.end(), index) - trained.begin();
  return indices;
}

std::string Assembly::data_identity() const {
  if (trained.empty()) return dataset->identity();
  std::string text = dataset->identity();
  for (const auto index : trained) text += "\n" + std::to_string(index);
  return sha256_hex(text);
}

std::string lacks(const Assembly& a, const EvaluationPart& part) {
  const auto& id = part.plugin->metadata.id;
  const auto place = "'" + a.dataset->path().string() + "'";
  if (part.needs_labels() && !a.dataset->has_labels())
    return id + ": needs labels, and the data set in " + place + " has none";
  if (part.views > 0 && a.dataset->size(Split::kVal) == 0)
    return id + ": needs images that were not trained on, and the data set in " + place +
           " has no val split";
  return "";
}

std::vector<std::string> left_out(const Assembly& a) {
  auto texts = a.dataset->warnings();
  if (auto text = left_out_text(*a.dataset); !text.empty()) texts.push_back(std::move(text));
  for (const auto& evaluation : a.evaluations)
    if (const auto why = lacks(a, evaluation); !why.empty())
      texts.push_back(why + ": this evaluation is left out");
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
  settings.accumulation = a.experiment().train.accumulation;
  // Two chunks show most of what a chunk's shape does.
  if (shapes_only) settings.accumulation = std::min<std::int64_t>(2, settings.accumulation);
  auto job = std::make_unique<Job>(settings, make_single_rank());
  for (const auto& [role, encoder] : a.roles) job->add_role(role, encoder);
  job->make_method(a.method);
  return job;
}

std::unique_ptr<ViewMaker::ThreadState> AssemblyViews::make_thread_state() const {
  return std::make_unique<Scratch>();
}

DrawKey AssemblyViews::draw_key(const SampleKey& key, int view) const {
  DrawKey draw;
  draw.seed = seed_;
  draw.epoch = static_cast<std::uint32_t>(key.epoch);
  draw.sample = static_cast<std::uint64_t>(key.index);
  draw.view = static_cast<std::uint32_t>(view);
  return draw;
}

ImagePart AssemblyViews::part(const ImageSize& size, const SampleKey& key, int view,
                              ThreadState& state) const {
  return assembly_.views[static_cast<std::size_t>(view)]->part(
      size.height, size.width, draw_key(key, view), static_cast<Scratch&>(state).views);
}

void AssemblyViews::make_view(const Image& image, const SampleKey& key, int view, float* slot,
                              ThreadState& state) const {
  assembly_.views[static_cast<std::size_t>(view)]->run(as_source(image), draw_key(key, view), slot,
                                                       static_cast<Scratch&>(state).views);
}

std::vector<std::size_t> AssemblyViews::view_floats() const {
  std::vector<std::size_t> floats;
  for (const auto& view : assembly_.views) floats.push_back(view->spec().floats());
  return floats;
}

ImageView as_source(const Image& image) {
  return {image.pixels.data(), static_cast<int>(image.size.height),
          static_cast<int>(image.size.width), static_cast<int>(image.size.channels)};
}

at::Tensor as_views(float* floats, std::int64_t n, const ViewSpec& s) {
  if (s.channels_last)
    return at::from_blob(floats, {n, s.height, s.width, s.channels}, at::kFloat)
        .permute({0, 3, 1, 2});
  return at::from_blob(floats, {n, s.channels, s.height, s.width}, at::kFloat);
}

}  // namespace kith::host
