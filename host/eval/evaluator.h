// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "eval/features.h"
#include "model/job.h"
#include "train/assembly.h"

namespace kith::host {

class OnlineProbe;

/// One number of an evaluation.
struct Result {
  std::string
      evaluation;        ///< the plugin's short name, "knn"; a second one of the plugin is "knn_2"
  std::string split;     ///< whose images are the queries: "val" or "test"
  std::string row;       ///< "pixels", "untrained", "trained"
  bool centred = false;  ///< the bank's mean was subtracted
  std::string metric;    ///< "top1"
  double value = 0;
  std::string unit;

  /// "knn/test/trained/plain/top1": its place below /metrics of run.h5.
  std::string path() const;
};

/// A tensor that an evaluation made: votes, a confusion matrix.
struct ResultTable {
  std::string path;  ///< as Result::path, with the table's name in place of the metric's
  at::Tensor value;
};

/// Runs the experiment's evaluations on the rows of a table: raw pixels, the untrained and the
/// trained encoder, each as it is and centred on the bank's mean. [train thread]
///
/// `threads` make images ready. Networks compute on as many threads as they train on, since another
/// count gives other numbers.
class Evaluator {
 public:
  Evaluator(const Assembly& assembly, at::Device device, int threads);
  ~Evaluator();

  /// Are any evaluations due after so many epochs (counted from 1)?
  bool due(std::int64_t epochs_done) const;

  /// On val: bank = train, queries = val; those that are due, after the last epoch without those
  /// that are on val at the end. The rows that training does not change are evaluated at the first
  /// call only.
  std::vector<Result> on_val(Job& job, std::int64_t epochs_done);
  /// At the end: bank = train with val, queries = test, which is opened here. Without a test split,
  /// or with data.read_test = false, on val. Features are there afterwards whether or not an
  /// evaluation ran, up to kMostFeatureRows. `stopped` is asked between two rows: from when it says
  /// so, nothing more is evaluated, and what is given back counts for nothing.
  std::vector<Result> at_end(Job& job, const std::function<bool()>& stopped = {});

  /// A resumed run has the rows that training does not change already, of these evaluations.
  void skip_constant_rows(std::set<std::string> evaluations) {
    constant_rows_done_ = std::move(evaluations);
  }

  /// The probe whose accuracy on val or test is a result too, "online_probe"; null: none.
  void add_probe(const OnlineProbe* probe) { probe_ = probe; }

  /// What was left out since the last call, since the features to evaluate are not finite.
  std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

  /// The tables of the last evaluation.
  const std::vector<ResultTable>& tables() const { return tables_; }
  /// What the trained encoder made of each split that the run reads, by split name: float32 [N, D].
  /// There after the evaluation at the end; empty where there are more than 200,000 images.
  const std::map<std::string, at::Tensor>& features() const { return features_; }
  const FeatureChoice& feature_choice() const { return choice_; }

 private:
  struct Plugin;
  struct Given;
  struct Round;
  at::Tensor represent(const FeatureChoice& choice, const std::string& row, Split split,
                       Round& round);
  Given splits(const Plugin& plugin, const std::string& row, Round& round);
  Given views(const Plugin& plugin, const std::string& row, Round& round);
  void call(const Plugin& plugin, const Given& given, Result common, Round& round);
  void keep_features(Round& round);
  void evaluate_probe(Round& round);
  void evaluate(const Plugin& plugin, const std::string& row, Round& round);
  std::vector<std::string> rows_of(const Plugin& plugin) const;

  const Assembly& assembly_;
  int threads_;
  std::unique_ptr<Job>
      untrained_;  // the encoders as they began: the same seed gives the same numbers
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::set<std::string> constant_rows_done_;  ///< evaluations that have theirs on val
  /// What the evaluation after the last epoch computed, for the one at the end.
  std::map<std::string, at::Tensor> last_represented_;
  std::map<std::string, at::Tensor> features_;
  std::vector<ResultTable> tables_;
  std::vector<std::string> warnings_;
  FeatureChoice choice_;
  const OnlineProbe* probe_ = nullptr;
};

}  // namespace kith::host
