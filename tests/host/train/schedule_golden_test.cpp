// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "golden/golden_file.h"
#include "train/schedule.h"

namespace kith::host {
namespace {

using golden::Case;

std::vector<double> rates(const ScheduleSpec& spec, double base, std::int64_t count,
                          std::int64_t steps, std::int64_t steps_per_epoch,
                          std::int64_t first = 0) {
  std::vector<double> values;
  for (std::int64_t t = 0; t < count; ++t) {
    values.push_back(learning_rate(spec, base, first + t, steps, steps_per_epoch));
  }
  return values;
}

/// The rate of each epoch, which all steps of it must have.
std::vector<double> rates_by_epoch(const ScheduleSpec& spec, double base, std::int64_t count,
                                   std::int64_t epochs, std::int64_t first = 0) {
  constexpr std::int64_t kStepsPerEpoch = 5;
  std::vector<double> values;
  for (std::int64_t epoch = first; epoch < first + count; ++epoch) {
    const auto of_epoch = rates(spec, base, kStepsPerEpoch, epochs * kStepsPerEpoch, kStepsPerEpoch,
                                epoch * kStepsPerEpoch);
    EXPECT_EQ(of_epoch, std::vector<double>(kStepsPerEpoch, of_epoch[0])) << "epoch " << epoch;
    values.push_back(of_epoch[0]);
  }
  return values;
}

std::vector<double> cosines(double start, double end, std::int64_t count, std::int64_t duration) {
  std::vector<double> values;
  for (std::int64_t t = 0; t < count; ++t) {
    values.push_back(cosine_between(start, end, double(t), double(duration)));
  }
  return values;
}

/// What a case's parameters say its outputs are, for the forms that Kith has: output -> values.
using Recomputed = std::map<std::string, std::vector<double>>;

std::int64_t count_of(const Case& c, const std::string& output) {
  return c.output(output).shape()[0];
}

/// Cosine after a warm-up, by steps or epochs. The codes that give a start of the warm-up, or a
/// floor for what follows it, reach the peak at the last point of the warm-up.
void add_warmup_cosine(const Case& c, Recomputed& out) {
  if (!c.has_output("lr")) return;
  ScheduleSpec spec;
  for (const char* name : {"start_warmup", "start"}) {
    if (c.has_param(name)) spec.warmup_start_lr = c.real(name);
  }
  for (const char* name : {"min_lr", "final_lr", "eta_min"}) {
    if (!c.has_param(name)) continue;
    spec.end_lr = c.real(name);
    spec.warmup_reaches_peak = true;
  }
  std::int64_t steps = 0, steps_per_epoch = 1;
  double base = 0;
  if (c.has_param("total_steps")) {  // an epoch is not a whole number of steps: count in steps
    steps = c.integer("total_steps");
    spec.warmup_epochs = c.real("warmup_steps");
    const double batch = c.real("batch");
    base = c.real("base_lr") * (c.text("scaling") == "linear" ? batch / 256 : std::sqrt(batch));
  } else if (c.has_param("max")) {
    steps = c.integer("max");
    spec.warmup_epochs = c.real("warmup");
    base = c.real("lr");
  } else {
    steps_per_epoch = c.integer("iters_per_epoch");
    steps = c.integer("epochs") * steps_per_epoch;
    spec.warmup_epochs = c.real("warmup_epochs");
    base = c.real("lr");
  }
  out["lr"] = rates(spec, base, count_of(c, "lr"), steps, steps_per_epoch);
}

/// Per epoch, cosine without warm-up; a second column is the constant rate of a predictor.
void add_epoch_cosine(const Case& c, Recomputed& out) {
  if (!c.has_param("epochs") || c.has_param("iters_per_epoch")) return;
  const std::int64_t epochs = c.integer("epochs");
  ScheduleSpec spec;
  spec.every = RateChange::kEachEpoch;
  for (const char* name : {"lr_cosine", "lr_encoder_predictor"}) {
    if (!c.has_output(name)) continue;
    const std::vector<double> cosine =
        rates_by_epoch(spec, c.real("lr"), count_of(c, name), epochs);
    if (c.output(name).shape().size() == 1) {
      out[name] = cosine;
      continue;
    }
    ScheduleSpec constant;
    constant.kind = ScheduleKind::kConstant;
    const std::vector<double> second = rates_by_epoch(constant, c.real("lr"), epochs, epochs);
    for (std::size_t i = 0; i < cosine.size(); ++i) {
      out[name].push_back(cosine[i]);
      out[name].push_back(second[i]);
    }
  }
}

/// "milestones" belongs to lr_step, "milestones_x" to lr_x. Codes that count epochs from 1 decay
/// when epoch > milestone, which is epoch >= milestone counted from 0.
void add_milestones(const Case& c, Recomputed& out) {
  for (const std::string& param : c.param_names()) {
    if (!param.starts_with("milestones")) continue;
    const std::string suffix = param.substr(std::string("milestones").size());
    const std::string name = "lr" + (suffix.empty() ? "_step" : suffix);
    ScheduleSpec spec;
    spec.kind = ScheduleKind::kStep;
    spec.milestones = c.reals(param);
    spec.factor = c.real("factor");
    const std::vector<std::int64_t> epochs = c.input("epoch").integers();
    const std::int64_t count = std::int64_t(epochs.size());
    const std::int64_t first = epochs.front() == 1 ? 0 : epochs.front();
    out[name] = rates_by_epoch(spec, c.real("lr"), count, first + count, first);
  }
}

/// A case that gives nothing but the peak has steps that its codes hold: the milestones and factors
/// are read off the values, and what is checked is that the form has them.
void add_steps(const Case& c, Recomputed& out) {
  if (c.param_names() != std::vector<std::string>{"lr"}) return;
  const double base = c.real("lr");
  for (const std::string& name : c.output_names()) {
    const std::vector<double> values = c.output(name).reals();
    ScheduleSpec spec;
    spec.kind = ScheduleKind::kStep;
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (std::abs(values[i] - values[i - 1]) < 1e-12) continue;
      spec.milestones.push_back(double(i));
      spec.factors.push_back(std::round(values[i] / base * 1e9) / 1e9);
    }
    ASSERT_LT(spec.milestones.size(), 10U) << name << " has no steps";
    out[name] = rates_by_epoch(spec, base, count_of(c, name), count_of(c, name));
  }
}

/// Cosines from one value to another: EMA momentum to 1, weight decay to its end.
void add_cosines(const Case& c, Recomputed& out) {
  if (c.has_param("tau0")) {
    out["tau"] = cosines(c.real("tau0"), 1, count_of(c, "tau"), c.integer("steps"));
  }
  if (!c.has_param("iters_per_epoch")) return;
  const std::int64_t steps = c.integer("epochs") * c.integer("iters_per_epoch");
  if (c.has_param("momentum")) {
    out["momentum"] = cosines(c.real("momentum"), 1, count_of(c, "momentum"), steps);
  }
  if (c.has_param("weight_decay_end")) {
    out["weight_decay"] = cosines(c.real("weight_decay"), c.real("weight_decay_end"),
                                  count_of(c, "weight_decay"), steps);
  }
}

TEST(ScheduleGoldenTest, EqualsThePublishedSchedules) {
  if (!golden::find_golden_folder()) GTEST_SKIP() << "no golden files";
  golden::Tally tally("schedules.h5, outputs");
  for (const Case& c : golden::read_cases("schedules.h5")) {
    SCOPED_TRACE(c.where());
    Recomputed recomputed;
    add_warmup_cosine(c, recomputed);
    add_epoch_cosine(c, recomputed);
    add_milestones(c, recomputed);
    add_steps(c, recomputed);
    add_cosines(c, recomputed);
    for (const std::string& name : c.output_names()) {
      auto found = recomputed.find(name);
      ASSERT_NE(found, recomputed.end()) << name << ": Kith has every form, and none is left out";
      EXPECT_EQ(golden::find_difference(found->second, c.output(name).reals(), golden::kFloat64),
                "")
          << name;
      tally.check();
    }
  }
  EXPECT_GT(tally.checked(), 0);
}

}  // namespace
}  // namespace kith::host
