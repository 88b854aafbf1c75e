// SPDX-License-Identifier: Apache-2.0
//
// The test harness: runs a shipped plugin as the program runs it, on numbers that a test gives.
//
// It loads the plugin's .so through the same search path and checks as `kith run`, makes its
// objects from a table as an experiment writes it, and reads what comes out as plain numbers. No
// LibTorch header is needed to use it; a test links the harness library. Errors are those of
// kith/error.hpp.
//
//   kith::harness::LossHarness loss(R"(plugin = "nt_xent", temperature = 0.5)", {.compute =
//   Compute::kFloat64}); const auto result = loss.run({{"embedding", {{12, 16}, numbers}}});
//   EXPECT_NEAR(result.loss.number(), 2.17, 1e-10);
//
// A **table** is the inside of a TOML inline table, `plugin = "nt_xent", temperature = 0.5`, or
// just a plugin's name. Options that are left out have their defaults, and so have those that a run
// measures on its images: there are none here. A plugin outside the search path is written `plugin
// = { file = "/folder/mine.so" }`.
//
// Tensors are on the device that the environment's KITH_DEVICE names, as `--device` of the program:
// `cpu`, which is the default, `cuda` or `auto`. Those of an evaluation and of on_ranks are on the
// CPU in any case: a run hands features over there, and ranks that are threads would wait for each
// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kith::harness {

/// What the numbers of a tensor are.
enum class Number {
  kReal,   ///< of the compute dtype
  kWhole,  ///< int64
  kTruth,  ///< bool, as 0 and 1
};

/// A tensor as plain numbers. Every dtype that a plugin may have fits into double exactly (int64 up
/// to 2^53).
struct Values {
  std::vector<std::int64_t> shape;  ///< empty: one number
  std::vector<double> numbers;      ///< row-major, as many as the product of the shape
  Number kind = Number::kReal;

  /// The number of a tensor that has one. @throws ShapeError if it has another count.
  double number() const;
};

/// Tensors by name.
using Named = std::map<std::string, Values>;

/// The dtype of parameters, state and computation.
enum class Compute { kFloat32, kFloat64 };

class Rank;

/// What a harness pretends about the run that its plugin is part of.
struct Settings {
  Compute compute = Compute::kFloat32;
  std::uint64_t seed = 0;  ///< of initial parameters and of draws
  std::int64_t channels = 3;
  std::int64_t height = 8, width = 8;  ///< px, of the largest view
  std::int64_t train_images = 64;
  std::int64_t batch_size = 8;
  std::int64_t classes = 10;  ///< 0: no labels
  std::int64_t epochs = 1;
  /// [train], [optimizer] and [schedule] of an experiment, as tables; of the first a harness uses
  /// `accumulation`, the rest is for MethodHarness::train.
  std::string train = {};
  std::string optimizer = R"(kind = "sgd", base_lr = 0.1, sgd_momentum = 0)";
  std::string schedule = R"(kind = "constant")";
  const Rank* rank = nullptr;  ///< of on_ranks; null: one rank alone
  /// Most MiB of parameters and buffers; what declares more is a ConfigError. 0: no limit.
  std::int64_t most_state_mib = 0;
};

// -- The program
// -----------------------------------------------------------------------------------------------------

/// The first line of a test program's main: `if (auto code = kith::harness::trial_exit_code(argc,
/// argv)) return *code;`
///
/// A plugin that is new on a machine is first opened in a child process, and the child is this
/// program, started again.
/// @returns  the exit code if this process is such a child.
std::optional<int> trial_exit_code(int argc, char** argv);

// -- Which plugins there are
// ------------------------------------------------------------------------------------------

/// A declared input of a loss or output of an encoder.
struct Part {
  std::string name;   ///< "embedding"
  std::string shape;  ///< symbolic: "2N C"; equal letters are equal sizes
  std::string flags;  ///< words: "unit_rows gradient"

  bool has(std::string_view flag) const;
};

/// What a plugin says about itself; nothing of it has run.
struct Plugin {
  std::string kind;  ///< "loss", "encoder", "method", "augmentation" or "evaluation"
  std::string id;    ///< "org.kith.nt_xent"
  std::string name;  ///< "nt_xent"
  std::filesystem::path file;
  std::vector<Part> inputs;   ///< of a loss
  std::vector<Part> outputs;  ///< of an encoder
  std::map<std::string, std::string>
      needs;  ///< of a method or an evaluation: "min_batch" -> "2", "labels" -> ""
  std::set<std::string> operators;  ///< that its file lists: "aten::matmul"
  /// Tables that put one option after the other at either end of its range, and at each of its
  /// choices; lists at their shortest and longest too. All other options have their defaults.
  std::vector<std::string> tables_at_ends;
  /// By such a table with a whole number at an end: tables with that option further and further
  /// inside its range, doubled from its least or halved from its greatest value. For ends that a
  /// plugin refuses in a combination.
  std::map<std::string, std::vector<std::string>> tables_inside;
  /// Of these, the ones that choose: each word of an option with choices, each truth value.
  std::vector<std::string> tables_at_choices;
};

/// All plugins of a kind within reach, sorted by id. [main thread]
std::vector<Plugin> plugins(std::string_view kind);

/// The plugin of any kind that a short name, an id or a file means. From here on the id of a plugin
/// that was named by its file means this file. [main thread]
/// @throws PluginError  if there is none, or several, or the file cannot be used.
Plugin find_plugin(const std::string& name);

// -- Ranks
// ------------------------------------------------------------------------------------------------------------

class Team;

/// One of the ranks that train together, each a thread of this process.
class Rank {
 public:
  Rank(int index, int count, Team& team) : index_(index), count_(count), team_(&team) {}
  int index() const { return index_; }
  int count() const { return count_; }
  Team& team() const { return *team_; }

 private:
  int index_, count_;
  Team* team_;
};

/// Runs `work` once a rank, each in a thread of its own, and waits for all. What a rank makes with
/// `Settings::rank` set talks to the other ranks; all must make the same calls in the same order.
/// @throws what the first failing rank threw; the others, which would wait for it for ever, are
/// stopped.
void on_ranks(int count, const std::function<void(const Rank&)>& work);

// -- Losses
// -----------------------------------------------------------------------------------------------------------

struct LossResult {
  Values loss;
  Named gradients;                          ///< of the inputs that are declared with "gradient"
  std::optional<double> chance_value = {};  ///< where the loss has one
};

/// A loss. [one thread, that of its rank]
class LossHarness {
 public:
  explicit LossHarness(const std::string& table, const Settings& settings = {});
  ~LossHarness();

  /// Forward and backward. Inputs by declared name, those declared "optional" may be absent.
  LossResult run(const Named& inputs);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A loss on as many ranks as there are inputs, each rank with an instance of its own. One result a
/// rank.
std::vector<LossResult> run_loss(const std::string& table, Compute compute,
                                 const std::vector<Named>& inputs_by_rank);

// -- Encoders
// ---------------------------------------------------------------------------------------------------------

enum class Mode { kTraining, kEvaluation };

/// An encoder in the role "encoder". Names of parameters and buffers are without the role:
/// "layer1.0.conv1.weight". [one thread]
class EncoderHarness {
 public:
  explicit EncoderHarness(const std::string& table, const Settings& settings = {});
  ~EncoderHarness();

  std::vector<std::string> outputs() const;     ///< declared names, in order
  std::vector<std::string> parameters() const;  ///< in the order of declaration
  std::vector<std::string> buffers() const;

  Values get(const std::string& name) const;
  /// Fills a parameter or buffer. @throws ConfigError for an unknown name, ShapeError for another
  /// shape.
  void set(const std::string& name, const Values& values);

  /// One forward that asks for all outputs. In training mode running averages move.
  Named run(const Values& images, Mode mode);
  /// One forward in training mode and its backward.
  /// @param weights  by output: the loss is the sum of all outputs times their weights.
  /// @returns        gradients of the parameters by name (absent: none arrived), and of the images
  /// as "images".
  Named gradients(const Values& images, const Named& weights);

  /// Writes parameters and buffers as a checkpoint has them ("encoder.conv1.weight"), and reads
  /// them back.
  void save(const std::filesystem::path& file) const;
  void load(const std::filesystem::path& file);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// -- Methods
// ----------------------------------------------------------------------------------------------------------

/// Encoders of a method by role. An empty table is the stub: an encoder without parameters whose
/// "features" are its input, so that a test's views are the features themselves ([N, D]; then
/// `channels` is D, `height` and `width` 1).
using Encoders = std::map<std::string, std::string>;

/// In place of a table in Encoders: a small encoder that the harness has, with parameters: one
/// fully connected layer over the pixels, a rectifier, 16 features.
inline constexpr const char* kSmallEncoder = "(small)";

/// One optimiser step's batch.
struct Batch {
  std::vector<Values> views = {};          ///< each [N, C, H, W], or [N, D] for the stub
  std::vector<std::int64_t> labels = {};   ///< [N], or empty
  std::vector<std::int64_t> indices = {};  ///< [N]; empty: 0 to N - 1
};

struct StepResult {
  Values loss;
  Named gradients;  ///< of the parameters, by name in the run; absent: none arrived
  std::vector<Values> view_gradients;       ///< by view
  Named metrics;                            ///< what the method recorded
  std::optional<double> chance_value = {};  ///< of the loss, where the method has one
};

/// A method with its encoders. Names are those of a run: "encoder.layer1.0.conv1.weight",
/// "method.projector.0.weight", "method.queue", and of a copy
/// "encoder@teacher.layer1.0.conv1.weight". [one thread, that of its rank]
class MethodHarness {
 public:
  explicit MethodHarness(const std::string& table, const Settings& settings = {},
                         const Encoders& encoders = {{"encoder", ""}});
  ~MethodHarness();

  std::vector<std::string> parameters() const;  ///< trained, in the order of declaration
  std::vector<std::string> copies() const;      ///< parameters of copies
  std::vector<std::string> buffers() const;
  /// The parameters that the optimiser was given.
  std::vector<std::string> optimised() const;

  /// Parameters, copies and buffers by name; of the optimiser
  /// "optimizer/<parameter>.momentum_buffer" and the like.
  Values get(const std::string& name) const;
  /// @throws ConfigError for an unknown name, ShapeError for another shape.
  void set(const std::string& name, const Values& values);
  /// Everything that a step changes.
  Named state() const;

  /// From now on a named draw of the method gives these numbers.
  void replace_draw(const std::string& name, const Values& values);
  /// The next step's number; from 0.
  void set_step(std::int64_t step);

  /// What the method computes for the current step: forward, backward, its call after the backward.
  /// No parameter and no copy moves; buffers (running averages, a queue) move as the method moves
  /// them.
  StepResult step(const Batch& batch);
  /// As step(), and remembers all that has no gradient where it is used: what is detached, computed
  /// under NoGrad, a copy's.
  StepResult step_with_constants(const Batch& batch);
  /// The loss of the same step where all that is what it was in the last step_with_constants(),
  /// with the parameters as they are now: its differences are what that step's gradients say.
  /// Constants that only a custom_gradient or a checkpoint uses are not held. Buffers move as in a
  /// step.
  /// @throws PluginError  if the step calls other operators than then; ConfigError without such a
  /// step.
  Values loss_with_constants(const Batch& batch);
  /// A whole step with copies, clipping and the optimiser of the settings; then the next step is
  /// current.
  StepResult train(const Batch& batch);

  /// Writes a checkpoint into a folder, and goes on from the newest one there.
  void save(const std::filesystem::path& folder) const;
  void restore(const std::filesystem::path& folder);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// -- Evaluations
// ------------------------------------------------------------------------------------------------------

/// One representation of two splits, of views, or of both.
struct EvaluationInput {
  Values bank;                             ///< [M, D], or empty
  std::vector<std::int64_t> bank_labels;   ///< [M], or empty
  Values query;                            ///< [N, D], or empty
  std::vector<std::int64_t> query_labels;  ///< [N], or empty
  std::int64_t classes = 0;
  std::vector<Values> views = {};  ///< [n, D] each
  std::int64_t bank_val_rows = 0;  ///< of the bank's last rows
};

struct Metric {
  double value = 0;
  std::string unit;  ///< "fraction", "nats", ""
};

struct EvaluationResult {
  std::map<std::string, Metric> metrics;
  Named tables;
};

/// Makes an evaluation and runs it once. A run gives it float32; golden values want float64.
EvaluationResult evaluate(const std::string& table, const EvaluationInput& input,
                          Compute compute = Compute::kFloat32);

// -- What a plugin calls
// ----------------------------------------------------------------------------------------------

struct Calls {
  std::set<std::string> operators;  ///< called by name: "aten::conv2d"
  std::int64_t read_backs =
      0;  ///< of these, calls that bring a tensor to the CPU: `item`, `nonzero`, ...
};

/// What plugins called on this thread while `work` ran.
Calls record_calls(const std::function<void()>& work);

}  // namespace kith::harness
