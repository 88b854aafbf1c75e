// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluator.h"

#include <ATen/ATen.h>
#include <kith/abi/evaluation.h>

#include <deque>
#include <optional>

#include "eval/held_out_views.h"
#include "tensor/border.h"
#include "tensor/handle.h"
#include "train/online_probe.h"

namespace kith::host {
namespace {

constexpr int kPixelSide = 32;  // px: raw pixels are scaled to at most this
constexpr std::int64_t kPixelImages =
    100000;  // larger data sets get no pixel rows unless asked for

std::string rows_of_split(Split split) { return "rows of " + std::string(split_name(split)); }

}  // namespace

struct Evaluator::Plugin {
  const EvaluationPart& part;
  std::string name;
  std::optional<HeldOutViews> held_out;  ///< where it wants views
  void* self = nullptr;

  Plugin(const Assembly& assembly, const EvaluationPart& part, std::string name, int threads)
      : part(part), name(std::move(name)) {
    if (part.views > 0) held_out.emplace(assembly, part, threads);
    const auto args = part.plugin->arguments.args();
    const PluginScope scope(part.plugin->metadata.id);
    check_plugin(api().create(nullptr, args.data(), static_cast<std::uint32_t>(args.size()), &self),
                 part.plugin->metadata.id + ": constructor");
  }
  ~Plugin() { api().destroy(self); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  const kith_evaluation_api& api() const { return part.plugin->api<kith_evaluation_api>(); }
  FeatureChoice choice() const { return choice_of(part.config); }
  const std::string& searched() const { return part.config.bank; }
  bool due(std::int64_t epochs_done) const {
    return part.config.every_epochs > 0 && epochs_done % part.config.every_epochs == 0;
  }
};

/// What a plugin is given for one row of the table.
struct Evaluator::Given {
  at::Tensor bank, bank_labels, query, query_labels;
  std::vector<at::Tensor> views;
  Split split = Split::kVal;
  /// Where rows are not finite: how many, of what. Such rows are not evaluated.
  std::string not_finite;
  std::int64_t bank_val_rows = 0;  // the bank's last ones

  void note_if_not_finite(const at::Tensor& rows, const std::string& whose) {
    const auto bad = rows.isfinite().all(1).logical_not();
    const auto count = bad.sum().item<std::int64_t>();
    if (count == 0) return;
    if (!not_finite.empty()) not_finite += ", ";
    not_finite += std::to_string(count) + " of " + std::to_string(rows.size(0)) + " " + whose +
                  " (the first: row " +
                  std::to_string(bad.to(at::kByte).argmax().item<std::int64_t>()) + ")";
  }
  void centre() {
    const auto mean = (views.empty() ? bank : views[0]).mean(0, true);
    for (auto* rows : {&bank, &query})
      if (rows->defined()) *rows = *rows - mean;
    for (auto& view : views) view = view - mean;
  }
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
    plugins_.push_back(std::make_unique<Plugin>(assembly, part, std::move(name), threads));
  }
  choice_ = evaluated_features(assembly);
}

Evaluator::~Evaluator() = default;

bool Evaluator::due(std::int64_t epochs_done) const {
  for (const auto& p : plugins_)
    if (p->due(epochs_done)) return true;
  return false;
}

std::vector<std::string> Evaluator::rows_of(const Plugin& plugin) const {
  if (!plugin.searched().empty()) return {"trained"};
  const auto images = assembly_.dataset->size(Split::kTrain);
  const bool pixels = plugin.part.config.pixels == PixelRows::kOn ||
                      (plugin.part.config.pixels == PixelRows::kAuto && images <= kPixelImages);
  return pixels ? std::vector<std::string>{"pixels", "untrained", "trained"}
                : std::vector<std::string>{"untrained", "trained"};
}

at::Tensor Evaluator::represent(const FeatureChoice& choice, const std::string& row, Split split,
                                Round& round) {
  std::string key = row + "/" + std::string(split_name(split));
  if (row != "pixels") key += "/" + choice.text();
  auto& known = round.represented[key];
  if (!known.defined())
    known = row == "pixels" ? pixels_of(*assembly_.dataset, split, kPixelSide, threads_)
                            : encode_split(row == "untrained" ? *untrained_ : round.job, assembly_,
                                           choice, split, threads_);
  return known;
}

Evaluator::Given Evaluator::splits(const Plugin& plugin, const std::string& row, Round& round) {
  const auto& dataset = *assembly_.dataset;
  Given given;
  if (plugin.searched().empty()) {
    std::vector<at::Tensor> bank, labels;
    for (const auto split : round.bank) {
      bank.push_back(represent(plugin.choice(), row, split, round));
      given.note_if_not_finite(bank.back(), rows_of_split(split));
      if (dataset.has_labels()) labels.push_back(labels_of(dataset, split));
    }
    given.bank = at::cat(bank);
    if (!labels.empty()) given.bank_labels = at::cat(labels);
    if (round.bank.back() == Split::kVal) given.bank_val_rows = bank.back().size(0);
  } else {
    given.bank = bank_rows(round.job, assembly_, plugin.searched());
    given.bank_labels = trained_labels(assembly_);
    given.note_if_not_finite(given.bank, "rows of '" + plugin.searched() + "'");
  }
  given.query = represent(plugin.choice(), row, round.query, round);
  given.query_labels = labels_of(dataset, round.query);
  given.split = round.query;
  given.note_if_not_finite(given.query, rows_of_split(round.query));
  return given;
}

Evaluator::Given Evaluator::views(const Plugin& plugin, const std::string& row, Round& round) {
  Given given;
  if (row == "pixels") {
    given.views = plugin.held_out->pixels(kPixelSide);
  } else {
    FeatureReader reader(row == "untrained" ? *untrained_ : round.job, plugin.choice());
    given.views = plugin.held_out->features(reader);
  }
  for (const auto& view : given.views)
    given.note_if_not_finite(view, "rows of views of " + std::string(split_name(given.split)));
  return given;
}

void Evaluator::evaluate(const Plugin& plugin, const std::string& row, Round& round) {
  auto given = plugin.held_out ? views(plugin, row, round) : splits(plugin, row, round);
  if (!given.not_finite.empty()) {
    warnings_.push_back(plugin.name + ": the features of the " + row +
                        " encoder are not finite in " + given.not_finite +
                        "; they are not evaluated: " + plugin.choice().text());
    return;
  }
  for (const bool centred : {false, true}) {
    if (centred && plugin.part.plugin->has_fact("ignores", "shift")) continue;
    if (centred) given.centre();
    call(plugin, given,
         {plugin.name, std::string(split_name(given.split)), row, centred, "", 0, ""}, round);
  }
}

void Evaluator::call(const Plugin& plugin, const Given& given, Result common, Round& round) {
  const Lent bank(given.bank), labels(given.bank_labels), query(given.query),
      wanted(given.query_labels);
  std::deque<Lent> lent;
  std::vector<kith_tensor> views;
  for (const auto& view : given.views) views.push_back(lent.emplace_back(view).get());
  const kith_evaluation_data data{
      sizeof data,
      0,
      bank.get(),
      labels.get(),
      query.get(),
      wanted.get(),
      static_cast<std::int64_t>(assembly_.dataset->class_names().size()),
      views.data(),
      static_cast<std::uint32_t>(views.size()),
      0,
      given.bank_val_rows};
  struct Sink {
    std::vector<Result>& results;
    std::vector<ResultTable>& tables;
    Result common;
  } sink{round.results, tables_, std::move(common)};
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
  const PluginScope scope(plugin.part.plugin->metadata.id);
  check_plugin(plugin.api().evaluate(plugin.self, &data, &report),
               plugin.part.plugin->metadata.id + ": evaluate (" + sink.common.row + ")");
}

std::vector<Result> Evaluator::on_val(Job& job, std::int64_t epochs_done) {
  tables_.clear();
  if (assembly_.dataset->size(Split::kVal) == 0) return {};
  const bool last = epochs_done == assembly_.experiment().train.epochs;
  Round round{job, {Split::kTrain}, Split::kVal, {}, {}};
  for (const auto& plugin : plugins_) {
    if (!plugin->due(epochs_done) || !lacks(assembly_, plugin->part).empty()) continue;
    const bool again_at_end = plugin->part.views > 0 || !assembly_.reads(Split::kTest);
    if (last && again_at_end) continue;  // on val too, and with the same numbers
    const bool trained_alone = !constant_rows_done_.insert(plugin->name).second;
    for (const auto& row : rows_of(*plugin))
      if (row == "trained" || !trained_alone) evaluate(*plugin, row, round);
  }
  // After the last epoch the end tells it, if that is on val.
  if (due(epochs_done) && !(last && !assembly_.reads(Split::kTest))) evaluate_probe(round);
  if (last) last_represented_ = std::move(round.represented);
  return round.results;
}

std::vector<Result> Evaluator::at_end(Job& job, const std::function<bool()>& stopped) {
  tables_.clear();
  auto& dataset = *assembly_.dataset;
  const bool has_test = assembly_.reads(Split::kTest), has_val = dataset.size(Split::kVal) > 0;
  if (has_test) dataset.open_test();
  Round round{job,
              {Split::kTrain},
              has_test ? Split::kTest : Split::kVal,
              std::exchange(last_represented_, {}),
              {}};
  if (has_test && has_val) round.bank.push_back(Split::kVal);
  for (const auto& plugin : plugins_) {
    if (!lacks(assembly_, plugin->part).empty()) continue;
    if (plugin->part.views == 0 && !has_test && !has_val) continue;
    for (const auto& row : rows_of(*plugin)) {
      if (stopped && stopped()) return {};
      evaluate(*plugin, row, round);
    }
  }
  if (has_test || has_val) evaluate_probe(round);
  keep_features(round);
  return round.results;
}

void Evaluator::evaluate_probe(Round& round) {
  if (probe_ == nullptr) return;
  const auto features = represent(choice_, "trained", round.query, round);
  if (!features.isfinite().all().item<bool>() || !probe_->is_finite()) {
    warnings_.push_back("online_probe: its weights or the features are not finite on " +
                        std::string(split_name(round.query)) + "; it is not evaluated");
    return;
  }
  const auto top1 = probe_->top1(features, labels_of(*assembly_.dataset, round.query));
  round.results.insert(round.results.begin(), {"online_probe", std::string(split_name(round.query)),
                                               "trained", false, "top1", top1, "fraction"});
}

void Evaluator::keep_features(Round& round) {
  std::int64_t rows = 0;
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    if (assembly_.reads(split)) rows += assembly_.dataset->size(split);
  if (rows > kMostFeatureRows) return;
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    if (assembly_.reads(split))
      features_[std::string(split_name(split))] = represent(choice_, "trained", split, round);
}

}  // namespace kith::host
