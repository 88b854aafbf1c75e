// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "config/enum_names.h"
#include "config/load_experiment.h"
#include "config/plugin_schema.h"
#include "config/setting_ranges.h"

namespace kith::host {

namespace {

Json with(Json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

template <class Value>
Json with(Json schema, const char* description, const Value& fallback) {
  schema["description"] = description;
  schema["default"] = fallback;
  return schema;
}

Json table(Json properties, const char* description) {
  return {{"type", "object"},
          {"description", description},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

Json list(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

const Json kBoolean = {{"type", "boolean"}};
const Json kText = {{"type", "string"}};

Json data_schema() {
  const DataConfig data;
  const Json hash = {{"type", "string"}, {"pattern", "^[0-9A-Fa-f]{64}$"}};
  return table(
      {{"reader", with(schema_of(words_of(kDataReaders)), "format of the files")},
       {"path", with(kText, "the data set's folder, relative to this file")},
       {"train_path", with(kText, "image_folder: train's folder, where it is not path/train")},
       {"val_path", with(kText, "image_folder: val's folder, where it is not path/val")},
       {"test_path", with(kText, "image_folder: test's folder, where it is not path/test")},
       {"labels", with(schema_of(words_of(kCifarLabels)), "cifar100: the 100 classes or the 20",
                       to_text(data.labels))},
       {"apply_orientation",
        with(kBoolean, "image_folder: turn images as their EXIF tag says", data.apply_orientation)},
       {"on_damaged",
        with(schema_of(words_of(kOnDamaged)),
             "image_folder, a file that does not decode: stop, or leave it out and count it",
             to_text(data.on_damaged))},
       {"val_fraction",
        with(schema_of(kValFractions), "share of train held out where the data has no val split",
             data.val_fraction)},
       {"train_images",
        with(schema_of(kImages),
             "images of train that are trained on, as many of each class; default: all")},
       {"read_test",
        with(kBoolean, "false: the run ends with an evaluation on val, and test stays unread",
             data.read_test)},
       {"sha256",
        {{"type", "object"},
         {"description", "file name = the SHA-256 that it must have"},
         {"additionalProperties", hash}}}},
      "where the images come from");
}

Json view_properties(const Json& size) {
  return {
      {"size", size},
      {"arithmetic", with(schema_of(words_of(kArithmetics)),
                          "whose operations augmentations follow", to_text(Arithmetic::kPillow8))},
      {"augment", with(list({{"$ref", "#/$defs/augmentation"}}), "in the order of application")}};
}

Json views_schema() {
  Json properties = {{"count", with(schema_of(kViewCounts), "views of each image made alike", 1)}};
  properties.update(view_properties(with(schema_of(kSides), "side in px")));
  return list(table(std::move(properties), "one group of views"));
}

Json eval_view_schema() {
  Json properties = {{"resize", with(schema_of(kResizes),
                                     "shorter side in px before the centre crop; default: size")}};
  properties.update(view_properties(
      with(schema_of(kSides), "side of the centre crop in px; default: the first view's size")));
  return table(std::move(properties), "how an image is made ready for evaluation");
}

Json train_schema() {
  const TrainConfig train;
  return table(
      {{"epochs", with(schema_of(kCounts), "passes over train")},
       {"batch_size", with(schema_of(kBatchSizes), "images (not views) a step, over all ranks")},
       {"precision",
        with(schema_of(words_of(kPrecisions)), "of the networks; tf32: of convolutions on a GPU",
             to_text(train.precision))},
       {"channels_last",
        with(kBoolean, "memory layout of images and convolutions", train.channels_last)},
       {"accumulation",
        with(schema_of(kAccumulations),
             "chunks in which an encoder sees the rows of a call, one after the other",
             train.accumulation)},
       {"clip_grad_norm",
        with(schema_of(kGradientNorms), "largest norm of the gradient; 0: no clipping",
             train.clip_grad_norm)},
       {"tensor_threads", with(schema_of(kTensorThreads),
                               "threads of tensor operators; default: chosen from the cores")},
       {"loader_threads",
        with(
            schema_of(kLoaderThreads),
            "threads that load and augment beside them; 0: the tensor threads do that too, between "
            "steps; default: chosen from the cores")},
       {"log_every",
        with(schema_of(kCounts), "steps between two records of the log", train.log_every)},
       {"checkpoint_every_epochs",
        with(schema_of(kCounts), "epochs between two checkpoints", train.checkpoint_every_epochs)},
       {"keep_checkpoints",
        with(schema_of(kCounts), "newest checkpoints kept", train.keep_checkpoints)}},
      "the length and the form of training");
}

Json guards_schema() {
  const GuardsConfig guards;
  return table(
      {{"fatal", with(kBoolean, "what a guard finds stops the run", guards.fatal)},
       {"every_steps", with(schema_of(kCounts), "steps between two looks", guards.every_steps)}},
      "what looks after a run that goes wrong without an error");
}

Json online_probe_schema() {
  const OnlineProbeConfig probe;
  return table({{"base_lr", with(schema_of(kLearningRates), "learning rate of its Adam, constant",
                                 probe.base_lr)},
                {"weight_decay", with(schema_of(kWeightDecays), "weight decay of its weights",
                                      probe.weight_decay)}},
               "a linear classifier on features without their gradient, trained beside the method "
               "where this table is written");
}

Json optimizer_schema() {
  const OptimizerConfig optimizer;
  const Json kinds = list(
      schema_of(std::vector<std::string>(std::begin(kParameterKinds), std::end(kParameterKinds))));
  return table(
      {{"kind", with(schema_of(words_of(kOptimizerKinds)), "which optimiser")},
       {"base_lr", with(schema_of(kLearningRates), "learning rate before schedule and rule")},
       {"lr_rule", with(schema_of(words_of(kLearningRateRules)),
                        "of a batch of B images: \"none\": base_lr; \"linear\": base_lr B / 256; "
                        "\"sqrt\": base_lr sqrt(B)",
                        to_text(optimizer.lr_rule))},
       {"weight_decay", with(schema_of(kWeightDecays), "weight decay", optimizer.weight_decay)},
       {"sgd_momentum", with(schema_of(kMomenta), "sgd, lars, larc", optimizer.sgd_momentum)},
       {"nesterov", with(kBoolean, "sgd, lars", optimizer.nesterov)},
       {"beta1", with(schema_of(kMomenta), "adam, adamw", optimizer.beta1)},
       {"beta2", with(schema_of(kMomenta), "adam, adamw", optimizer.beta2)},
       {"eps",
        with(schema_of(kEpsilons), "adam, adamw, larc: added to the denominator", optimizer.eps)},
       {"trust", with(schema_of(kTrusts), "lars, larc: trust coefficient", optimizer.trust)},
       {"form", with(schema_of(words_of(kLarsForms)),
                     "lars, where the rate and the trust ratio stand", to_text(optimizer.form))},
       {"clip",
        with(kBoolean, "larc, the adapted rate is at most the learning rate", optimizer.clip)},
       {"no_decay", with(kinds, "kinds of parameters without weight decay")},
       {"no_adaptation", with(kinds, "lars, larc: kinds of parameters without adaptation")}},
      "how parameters are updated");
}

Json schedule_schema() {
  const ScheduleConfig schedule;
  return table(
      {{"kind", with(schema_of(words_of(kScheduleKinds)), "form of the learning rate over the run",
                     to_text(schedule.kind))},
       {"warmup_epochs", with(schema_of(kWarmups), "epochs of linear rise; may be a fraction",
                              schedule.warmup_epochs)},
       {"warmup_start_lr",
        with(schema_of(kLearningRates), "learning rate that the warm-up rises from",
             schedule.warmup_start_lr)},
       {"warmup_reaches_peak", with(kBoolean, "at its last step rather than at the step after",
                                    schedule.warmup_reaches_peak)},
       {"end_lr", with(schema_of(kLearningRates), "cosine and linear: learning rate at the end",
                       schedule.end_lr)},
       {"every", with(schema_of(words_of(kRateChanges)),
                      "cosine and linear: how often the rate changes after the warm-up: to that of "
                      "each step, of each epoch's first step, of each epoch's end",
                      to_text(schedule.every))},
       {"milestones",
        with(list(schema_of(kCounts)), "step: epochs after which the rate is multiplied")},
       {"factor",
        with(schema_of(kFactors), "step: what the rate is multiplied by", schedule.factor)},
       {"factors",
        with(
            list(schema_of(kFactors)),
            "step, in place of factor: what part of the peak the rate is from each milestone on")}},
      "the learning rate over the run");
}

Json evaluation_keys() {
  const EvaluationConfig evaluation;
  const Json pixels = {{"enum", {"auto", true, false}}};
  return {
      {"every_epochs", with(schema_of(kCountsOrNone),
                            "epochs between two evaluations on val; 0: only at the end, on test",
                            evaluation.every_epochs)},
      {"pixels", with(pixels, "the rows of raw pixels; auto: small images only", "auto")},
      {"role", with(kText, "one of the experiment's roles; default: the first")},
      {"output", with(kText, "name of the encoder's output", evaluation.output)},
      {"copy", with(kText, "name of the method's copy of the role", evaluation.copy)},
      {"head", with(kText, "name of a head of the method that the output goes through; empty: none",
                    evaluation.head)},
      {"bank", with(kText,
                    "name of a buffer of the method with a row for each training image, which is "
                    "searched in place of train's features; empty: none",
                    evaluation.bank)},
      {"augment", with(list({{"$ref", "#/$defs/augmentation"}}),
                       "for a plugin that wants views: how they are made; default: the first "
                       "[[views]]' list")}};
}

Json definitions(const PluginCatalog& catalog) {
  const Json probability = {
      {"probability", with(schema_of(kProbabilities), "of being applied to a view", 1.0)}};
  return {{"encoder", plugin_schema(catalog, "encoder", Json::object())},
          {"method", plugin_schema(catalog, "method", Json::object())},
          {"loss", plugin_schema(catalog, "loss", Json::object())},
          {"augmentation", plugin_schema(catalog, "augmentation", probability)},
          {"evaluation", plugin_schema(catalog, "evaluation", evaluation_keys())}};
}

/// One encoder, or a table of them by role.
Json encoder_schema() {
  const Json one = {{"$ref", "#/$defs/encoder"}};
  const Json roles = {
      {"type", "object"},
      {"propertyNames", {{"pattern", "^[a-z][a-z0-9_]*$"}, {"not", {{"const", "plugin"}}}}},
      {"additionalProperties", one}};
  return {{"anyOf", {one, roles}}};
}

}  // namespace

std::string experiment_schema(const PluginCatalog& catalog) {
  const Json name = {{"type", "string"}, {"pattern", "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"}};
  const Json without_base = {{"not", {{"required", {"extends"}}}}};
  const Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "an experiment of Kith"},
      {"type", "object"},
      {"properties",
       {{"extends", with(kText, "a TOML file that this one is laid over")},
        {"name", with(name, "names the run's folder")},
        {"seed", with(schema_of(kSeeds), "of all randomness", 0)},
        {"data", data_schema()},
        {"encoder", encoder_schema()},
        {"method", {{"$ref", "#/$defs/method"}}},
        {"views", views_schema()},
        {"eval_view", eval_view_schema()},
        {"train", train_schema()},
        {"guards", guards_schema()},
        {"online_probe", online_probe_schema()},
        {"optimizer", optimizer_schema()},
        {"schedule", schedule_schema()},
        {"evaluation", list({{"$ref", "#/$defs/evaluation"}})}}},
      {"additionalProperties", false},
      // What a base may give is asked for only where there is none.
      {"if", without_base},
      {"then",
       {{"required", {"name", "data", "encoder", "method", "views", "train", "optimizer"}}}},
      {"$defs", definitions(catalog)}};
  return schema.dump(2) + "\n";
}

}  // namespace kith::host
