// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluator.h"

#include <ATen/ATen.h>
#include <kith/abi/evaluation.h>

#include "tensor/border.h"
#include "tensor/handle.h"

namespace kith::host {
namespace {

constexpr int kPixelSide = 32;  // px: raw pixels are scaled to at most this
constexpr std::int64_t kPixelImages =
    100000;  // larger data sets get no pixel rows unless asked for

}  // namespace

struct Evaluator::Plugin {
  EvaluationConfig config;
  PluginObjectPtr object;
  std::string name;
  void* self = nullptr;

  Plugin(const EvaluationPart& part, std::string name)
      : config(part.config), object(part.plugin), name(std::move(name)) {
    const auto args = object->arguments.args();
    const PluginScope scope(object->metadata.id);
    check_plugin(api().create(nullptr, args.data(), static_cast<std::uint32_t>(args.size()), &self),
                 object->metadata.id + ": constructor");
  }
  ~Plugin() { api().destroy(self); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  const kith_evaluation_api& api() const { return object->api<kith_evaluation_api>(); }
  bool needs_labels() const { return object->has_fact("needs", "labels"); }
};

/// One time that evaluations run: on what, what was computed for it, and what came out.
struct Evaluator::Round {
  Job& job;
  std::vector<Split> bank;
  Split query;
  std::map<std::string, at::Tensor> represented;  ///< evaluations of one output share it
  std::vector<Result> results;
};

std::string Result::path() const {
  return evaluation + "/" + split + "/" + row + "/" + (centred ? "centred" : "plain") + "/" +
         metric;
}

Evaluator::Evaluator(const Assembly& assembly, at::Device device, int threads)
    : assembly_(assembly), threads_(threads), untrained_(make_job(assembly, device)) {
  std::map<std::string, int> seen;
  for (const auto& part : assembly.evaluations) {
    auto name = part.plugin->metadata.name;
    if (const auto n = ++seen[name]; n > 1) name += "_" + std::to_string(n);
    plugins_.push_back(std::make_unique<Plugin>(part, std::move(name)));
  }
  choice_ = evaluated_features(assembly);
}

Evaluator::~Evaluator() = default;

bool Evaluator::due(std::int64_t epochs_done) const {
  for (const auto& p : plugins_)
    if (p->config.every_epochs > 0 && epochs_done % p->config.every_epochs == 0) return true;
  return false;
}

std::vector<std::string> Evaluator::rows_of(const Plugin& plugin) const {
  const auto images = assembly_.train_images();
  const bool pixels = plugin.config.pixels == PixelRows::kOn ||
                      (plugin.config.pixels == PixelRows::kAuto && images <= kPixelImages);
  return pixels ? std::vector<std::string>{"pixels", "untrained", "trained"}
                : std::vector<std::string>{"untrained", "trained"};
}

at::Tensor Evaluator::represent(const Plugin& plugin, const std::string& row, Split split,
                                Round& round) {
  const FeatureChoice choice{plugin.config.role, plugin.config.copy, plugin.config.output};
  std::string key = row + "/" + std::string(split_name(split));
  if (row != "pixels") key += "/" + choice.role + "/" + choice.copy + "/" + choice.output;
  auto& known = round.represented[key];
  if (!known.defined())
    known = row == "pixels" ? pixels_of(*assembly_.dataset, split, kPixelSide, threads_)
                            : encode_split(row == "untrained" ? *untrained_ : round.job, assembly_,
                                           choice, split, threads_);
  if (row == "trained" && &plugin == plugins_.front().get())
    features_[std::string(split_name(split))] = known;
  return known;
}

void Evaluator::evaluate(const Plugin& plugin, const std::string& row, Round& round) {
  const auto& dataset = *assembly_.dataset;
  std::vector<at::Tensor> bank_parts, label_parts;
  for (const auto split : round.bank) {
    bank_parts.push_back(represent(plugin, row, split, round));
    if (dataset.has_labels()) label_parts.push_back(labels_of(dataset, split));
  }
  auto bank_rows = at::cat(bank_parts), query_rows = represent(plugin, row, round.query, round);
  const auto bank_labels = label_parts.empty() ? at::Tensor() : at::cat(label_parts);
  const auto query_labels = labels_of(dataset, round.query);
  for (const bool centred : {false, true}) {
    if (centred) {
      const auto mean = bank_rows.mean(0, true);
      bank_rows = bank_rows - mean;
      query_rows = query_rows - mean;
    }
    const Lent bank(bank_rows), labels(bank_labels), query(query_rows), wanted(query_labels);
    const kith_evaluation_data given{sizeof given,
                                     0,
                                     bank.get(),
                                     labels.get(),
                                     query.get(),
                                     wanted.get(),
                                     static_cast<std::int64_t>(dataset.class_names().size())};
    struct Sink {
      std::vector<Result>& results;
      std::vector<ResultTable>& tables;
      Result common;
    } sink{round.results,
           tables_,
           {plugin.name, std::string(split_name(round.query)), row, centred, "", 0, ""}};
    const kith_report report{sizeof report, 0, &sink,
                             [](void* self, kith_text name, double value, kith_text unit) {
                               return serve("metric", [&] {
                                 auto& s = *static_cast<Sink*>(self);
                                 auto result = s.common;
                                 result.metric = to_string(name);
                                 result.value = value;
                                 result.unit = to_string(unit);
                                 s.results.push_back(std::move(result));
                               });
                             },
                             [](void* self, kith_text name, kith_tensor value) {
                               return serve("table", [&] {
                                 auto& s = *static_cast<Sink*>(self);
                                 auto place = s.common;
                                 place.metric = to_string(name);
                                 s.tables.push_back({place.path(), unwrap(value).detach().clone()});
                               });
                             }};
    check_plugin(plugin.api().evaluate(plugin.self, &given, &report),
                 plugin.object->metadata.id + ": evaluate (" + row + ")");
  }
}

std::vector<Result> Evaluator::on_val(Job& job, std::int64_t epochs_done) {
  tables_.clear();
  if (assembly_.dataset->size(Split::kVal) == 0) return {};
  Round round{job, {Split::kTrain}, Split::kVal, {}, {}};
  for (const auto& plugin : plugins_) {
    if (plugin->config.every_epochs == 0 || epochs_done % plugin->config.every_epochs != 0)
      continue;
    if (plugin->needs_labels() && !assembly_.dataset->has_labels()) continue;
    for (const auto& row : rows_of(*plugin))
      if (row == "trained" || !constant_rows_done_) evaluate(*plugin, row, round);
  }
  constant_rows_done_ = constant_rows_done_ || !round.results.empty();
  if (epochs_done == assembly_.experiment().train.epochs)
    last_represented_ = std::move(round.represented);
  return round.results;
}

std::vector<Result> Evaluator::at_end(Job& job) {
  tables_.clear();
  auto& dataset = *assembly_.dataset;
  const bool has_val = dataset.size(Split::kVal) > 0;
  const bool has_test = assembly_.reads(Split::kTest);
  if (!has_test && !has_val) return {};
  if (has_test) dataset.open_test();
  Round round{job,
              {Split::kTrain},
              has_test ? Split::kTest : Split::kVal,
              std::exchange(last_represented_, {}),
              {}};
  if (has_test && has_val) round.bank.push_back(Split::kVal);
  for (const auto& plugin : plugins_) {
    if (plugin->needs_labels() && !dataset.has_labels()) continue;
    for (const auto& row : rows_of(*plugin)) evaluate(*plugin, row, round);
  }
  return round.results;
}

}  // namespace kith::host
