// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/plugin_use.h"

/// \file
/// A resolved experiment: each member has the name of its TOML key, and the value that was written
/// or the default that stands here. "Required" members have no default. Every value has been
/// checked against the range in brackets.

namespace kith::host {

/// "idx", "image_folder", "cifar10", "cifar100"
enum class DataReader { kIdx, kImageFolder, kCifar10, kCifar100 };
enum class CifarLabels { kFine, kCoarse };                ///< "fine", "coarse"
enum class OnDamaged { kStop, kSkip };                    ///< "stop", "skip"
enum class Arithmetic { kPillow8, kFloat, kTensorflow };  ///< "pillow8", "float", "tensorflow"
enum class Precision { kFloat32, kTf32, kBf16 };          ///< "float32", "tf32", "bf16"
enum class OptimizerKind { kSgd, kAdam, kAdamW, kLars, kLarc };  ///< "sgd", "adam", ...
/// The rate of a batch of B images: "none": base_lr; "linear": base_lr B / 256; "sqrt": base_lr
/// sqrt(B).
enum class LearningRateRule { kNone, kLinear, kSqrt };
/// Where LARS has its trust ratio r(x) = trust |p| / |x| and the learning rate; d is the decayed
/// gradient, v the momentum buffer, m its factor.
enum class LarsForm {
  kPopular,      ///< "popular": v <- m v + r(d) d; p <- p - lr v: MoCo v3, BYOL, DINO
  kClassic,      ///< "classic": v <- m v + lr r(d) d; p <- p - v: SimCLR
  kAdaptedLast,  ///< "adapted_last": v <- m v + d; p <- p - lr r(v) v: SimCLR's code with
                 ///< classic_momentum off
};

enum class ScheduleKind {
  kCosine,
  kLinear,
  kStep,
  kConstant
};  ///< "cosine", "linear", "step", "constant"
/// "step", "epoch", "epoch_end": at which moment's rate all steps of an epoch have it.
enum class RateChange { kEachStep, kEachEpoch, kEachEpochEnd };
enum class PixelRows { kAuto, kOn, kOff };  ///< "auto", true, false

/// [data]
struct DataConfig {
  DataReader reader = DataReader::kIdx;  ///< required
  /// The folder, absolute (written: relative to the file); required, unless there is a train_path.
  std::filesystem::path path;
  /// image_folder: the folder of one split, where it does not lie in `path`; else empty.
  std::filesystem::path train_path, val_path, test_path;
  CifarLabels labels = CifarLabels::kFine;  ///< cifar100
  bool apply_orientation = false;           ///< image_folder: turn images as their EXIF tag says
  OnDamaged on_damaged = OnDamaged::kStop;  ///< image_folder: files that do not decode
  double val_fraction = 0.1;  ///< share of train held out where the data has no val split [0, 0.5]
  /// Images of train that are trained on, >= 1; default: all. Evaluation takes all of train.
  std::optional<std::int64_t> train_images;
  bool read_test = true;  ///< false: the run ends with an evaluation on val, and test stays unread
  std::map<std::string, std::string>
      sha256;  ///< file name -> 64 lower-case hex digits it must have
};

/// A named place for an encoder: [encoder] is the role "encoder", [encoder.<role>] any other.
struct RoleConfig {
  std::string name;
  PluginUse plugin;
};

/// One of [[views]]: `count` views of an image, made alike. The order of the groups is the order of
/// the views.
struct ViewConfig {
  std::int64_t count = 1;                        ///< views [1, 64]
  std::int64_t size = 0;                         ///< required; side in px [1, 4096]
  Arithmetic arithmetic = Arithmetic::kPillow8;  ///< how augmentations round
  std::vector<PluginUse> augment;                ///< in the order of application; default: none
};

/// [eval_view]: how an image is made ready for evaluation.
struct EvalViewConfig {
  std::int64_t size =
      0;  ///< side of the centre crop in px [1, 4096]; default: the first view's size
  std::int64_t resize =
      0;  ///< shorter side in px before the centre crop [size, 8192]; default: size
  Arithmetic arithmetic = Arithmetic::kPillow8;  ///< default: the first view's
  /// Default: the first view's augmentations that declare the fact "deterministic" (normalise).
  std::vector<PluginUse> augment;
};

/// [train]
struct TrainConfig {
  std::int64_t epochs = 0;  ///< required; passes over train [1, 1000000]
  std::int64_t batch_size =
      0;  ///< required; images (not views) a step, over all ranks [1, 1048576]
  Precision precision = Precision::kFloat32;
  bool channels_last = false;  ///< memory layout of images and convolutions
  /// Chunks in which an encoder sees the rows of a call, one after the other, each computed twice:
  /// less memory, the same gradient [1, 65536]
  std::int64_t accumulation = 1;
  double clip_grad_norm =
      0;  ///< largest norm of the gradient of all parameters; 0: no clipping [0, 1e6]
  /// Threads of tensor operators [1, 1024]; default: chosen from the cores.
  std::optional<std::int64_t> tensor_threads;
  /// Threads that load and augment beside them [0, 1024]; 0: the tensor threads do that too,
  /// between steps; default: chosen from the cores.
  std::optional<std::int64_t> loader_threads;
  std::int64_t log_every = 50;  ///< steps between two records of log.jsonl [1, 1000000]
  std::int64_t checkpoint_every_epochs = 1;  ///< epochs between two checkpoints [1, 1000000]
  std::int64_t keep_checkpoints = 2;         ///< newest checkpoints kept [1, 1000000]
};

/// [guards]: what looks after a run that goes wrong without an error.
struct GuardsConfig {
  bool fatal = false;             ///< what a guard finds stops the run
  std::int64_t every_steps = 50;  ///< steps between two looks [1, 1000000]
};

/// [online_probe]: a linear classifier that is trained beside the method; the run has one where the
/// table is written.
struct OnlineProbeConfig {
  double base_lr = 1e-3;    ///< learning rate of its Adam, constant [0, 1000]
  double weight_decay = 0;  ///< of its weights, added to the gradient [0, 10]
};

/// [optimizer]
struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::kSgd;  ///< required
  double base_lr = 0;  ///< required; learning rate before schedule and rule [0, 1000]
  LearningRateRule lr_rule = LearningRateRule::kNone;
  double weight_decay = 0;  ///< [0, 10]; decoupled for adamw, added to the gradient for the others
  double sgd_momentum = 0.9;           ///< sgd, lars, larc [0, 1)
  bool nesterov = false;               ///< sgd, lars
  double beta1 = 0.9;                  ///< adam, adamw [0, 1)
  double beta2 = 0.999;                ///< adam, adamw [0, 1)
  double eps = 1e-8;                   ///< adam, adamw, larc: added to the denominator [1e-20, 1]
  double trust = 0.001;                ///< lars, larc: trust coefficient [1e-6, 1]
  LarsForm form = LarsForm::kPopular;  ///< lars
  bool clip = false;                   ///< larc: the adapted rate is at most the learning rate
  /// Kinds of parameters without weight decay: of kParameterKinds, sorted as there, each once.
  std::vector<std::string> no_decay;
  /// Kinds of parameters without the adaptation of lars and larc; as above.
  std::vector<std::string> no_adaptation;
};

/// What no_decay and no_adaptation may list.
inline constexpr const char* kParameterKinds[] = {"bias", "norm", "position_table", "class_token",
                                                  "log_scale"};

/// [schedule]: the learning rate over the run.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::kCosine;
  double warmup_epochs = 0;          ///< epochs of linear rise; may be a fraction [0, train.epochs]
  double warmup_start_lr = 0;        ///< learning rate that the warm-up rises from [0, 1000]
  bool warmup_reaches_peak = false;  ///< at its last step rather than at the step after
  double end_lr = 0;                 ///< learning rate at the end, cosine and linear [0, 1000]
  /// cosine and linear: how often the rate changes after the warm-up, and to that of which moment:
  /// of each step; of the epoch's first step; of the epoch's end, as code has it that counts epochs
  /// from 1
  RateChange every = RateChange::kEachStep;
  std::vector<std::int64_t>
      milestones;  ///< step: epochs after which the rate is multiplied; rising [1, train.epochs)
  double factor = 0.1;  ///< step: what the rate is multiplied by (0, 1]
  /// step, in place of factor: what part of the peak the rate is from each milestone on (0, 1]
  std::vector<double> factors;
};

/// One of [[evaluation]]: a plugin of the kind "evaluation", and what it looks at.
struct EvaluationConfig {
  PluginUse plugin;  ///< required
  std::int64_t every_epochs =
      0;  ///< epochs between two evaluations on val; 0: only at the end, on test
  PixelRows pixels =
      PixelRows::kAuto;  ///< the rows of raw pixels; auto: images of at most 32 px, at most 100,000
  std::string role = "encoder";     ///< one of the experiment's roles; default: the first
  std::string output = "features";  ///< name of the encoder's output
  std::string copy;  ///< name of the method's copy of the role ("teacher"); empty: the role itself
  /// Name of a head of the method ("projector") that the output goes through, of the same copy;
  /// empty: none.
  std::string head;
  /// Name of a buffer of the method ("memory_bank") with a row for each image that is trained on:
  /// it is searched in place of train's features, and with the trained encoder alone; empty: none.
  std::string bank;
  /// For a plugin that wants views: how they are made, at the size of the first of [[views]];
  /// default: that one's list. Nothing for others.
  std::optional<std::vector<PluginUse>> augment;
};

struct Experiment {
  std::string name;        ///< required; names the run's folder: letters, digits, '_', '-', '.'
  std::uint64_t seed = 0;  ///< of all randomness [0, 2^63 - 1]
  DataConfig data;
  std::vector<RoleConfig> roles;  ///< at least one, in the order of the file
  PluginUse method;
  std::vector<ViewConfig> views;  ///< at least one
  EvalViewConfig eval_view;
  TrainConfig train;
  GuardsConfig guards;
  std::optional<OnlineProbeConfig> online_probe;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  std::vector<EvaluationConfig> evaluations;  ///< [[evaluation]]
  std::filesystem::path
      folder;  ///< absolute; of the experiment's file, where plugins are looked for as well
};

/// Calls `visit` with every plugin that an experiment (const or not) names itself: not those that
/// options of plugins name.
template <class E, class Visit>
void for_each_plugin(E& experiment, Visit&& visit) {
  visit(experiment.method);
  for (auto& role : experiment.roles) visit(role.plugin);
  for (auto& view : experiment.views)
    for (auto& augmentation : view.augment) visit(augmentation);
  for (auto& augmentation : experiment.eval_view.augment) visit(augmentation);
  for (auto& evaluation : experiment.evaluations) {
    visit(evaluation.plugin);
    if (!evaluation.augment) continue;
    for (auto& augmentation : *evaluation.augment) visit(augmentation);
  }
}

/// The TOML word of each value.
const char* to_text(DataReader value);
const char* to_text(CifarLabels value);
const char* to_text(OnDamaged value);
const char* to_text(Arithmetic value);
const char* to_text(Precision value);
const char* to_text(OptimizerKind value);
const char* to_text(LearningRateRule value);
const char* to_text(LarsForm value);
const char* to_text(ScheduleKind value);
const char* to_text(RateChange value);
const char* to_text(PixelRows value);

/// Whether both are the same settings: all but places, folder and the way in which plugins were
/// named.
bool same_settings(const Experiment& a, const Experiment& b);
/// Whether two tables name the same images for evaluation: all but what is trained on.
bool same_images(const DataConfig& a, const DataConfig& b);

}  // namespace kith::host
