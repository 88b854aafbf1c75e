// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <kith/error.hpp>
#include <sstream>

#include "conformance/check.h"
#include "conformance/numbers.h"
#include "store/scratch_folder.h"

namespace kith::conformance {
namespace {

using harness::Compute;
using harness::EncoderHarness;
using harness::Mode;
using harness::Named;
using harness::Settings;
using harness::Values;

constexpr std::int64_t kImages = 4, kSide = 32;

Settings small() { return {.height = kSide, .width = kSide}; }

Values images(std::int64_t n = kImages) { return normal({n, 3, kSide, kSide}, "images"); }

/// Rows i of a tensor alone, [1, ...].
Values row(const Values& rows, std::int64_t i) {
  auto one = rows;
  const auto size = rows.numbers.size() / static_cast<std::size_t>(rows.shape[0]);
  one.shape[0] = 1;
  const auto first = rows.numbers.begin() + i * static_cast<std::ptrdiff_t>(size);
  one.numbers.assign(first, first + static_cast<std::ptrdiff_t>(size));
  return one;
}

/// Random weights of all outputs, so that the loss depends on each of their numbers.
Named weights_for(const Named& outputs) {
  Named weights;
  for (const auto& [name, values] : outputs)
    weights[name] = normal(values.shape, "weights of " + name);
  return weights;
}

/// Two steps of gradient descent; the outputs after them in evaluation mode.
Named train_a_little(EncoderHarness& encoder) {
  const auto weights = weights_for(encoder.run(images(), Mode::kEvaluation));
  for (int step = 0; step < 2; ++step) {
    const auto gradients = encoder.gradients(images(), weights);
    for (const auto& name : encoder.parameters()) {
      const auto found = gradients.find(name);
      if (found == gradients.end()) continue;
      auto values = encoder.get(name);
      for (std::size_t i = 0; i < values.numbers.size(); ++i)
        values.numbers[i] -= 1e-4 * found->second.numbers[i];
      encoder.set(name, values);
    }
  }
  return encoder.run(images(), Mode::kEvaluation);
}

void expect_all_finite(const Named& outputs, Findings& f) {
  for (const auto& [name, values] : outputs) f.expect_finite(values, "the output " + name);
}

void has_its_declared_outputs(const Subject& s, Findings& f) {
  EncoderHarness encoder(s.plugin.id, small());
  const auto outputs = encoder.run(images(), Mode::kEvaluation);
  f.expect(outputs.count("features") != 0,
           "declares no output 'features', which methods and evaluations ask for");
  expect_all_finite(outputs, f);
  for (const auto& part : s.plugin.outputs) {
    const auto found = outputs.find(part.name);
    if (found == outputs.end()) {
      f.fail("the output " + part.name + " was not set");
      continue;
    }
    std::istringstream words(part.shape);
    std::size_t dimensions = 0;
    for (std::string word; words >> word;) ++dimensions;
    const auto& shape = found->second.shape;
    f.expect(shape.size() == dimensions && shape[0] == kImages,
             "the output " + part.name + " is declared as [" + part.shape + "] and is " +
                 shape_text(shape) + " for " + std::to_string(kImages) + " images");
    f.measured(part.name + " " + shape_text(shape));
  }
}

void takes_any_size(const Subject& s, Findings& f) {
  struct Case {
    std::int64_t images, channels, height, width;
  };
  int refused = 0, ran = 0;
  for (const auto& c : {Case{1, 3, 32, 32}, Case{3, 3, 33, 47}, Case{3, 1, 28, 28}}) {
    const auto input = normal({c.images, c.channels, c.height, c.width}, "images");
    f.about(shape_text(input.shape));
    try {
      EncoderHarness encoder(s.plugin.id,
                             {.channels = c.channels, .height = c.height, .width = c.width});
      expect_all_finite(encoder.run(input, Mode::kEvaluation), f);
      if (c.images > 1) expect_all_finite(encoder.run(input, Mode::kTraining), f);
      ++ran;
    } catch (const ConfigError&) {
      ++refused;  // a plugin may say that it does not take such images
    } catch (const Error& e) {
      f.fail(std::string(e.what()) + " (where a size does not fit, throw a ConfigError)");
    }
  }
  f.measured(std::to_string(ran) + " shapes ran, " + std::to_string(refused) + " refused");
}

void is_finite_at_option_ends(const Subject& s, Findings& f) {
  const auto tables = s.tables();
  auto limited = small();
  limited.most_state_mib = kMostStateMib;
  int refused = 0;
  for (const auto& table : tables) {
    f.about(table);
    try {
      EncoderHarness encoder(table, limited);
      expect_all_finite(encoder.run(images(), Mode::kTraining), f);
      expect_all_finite(encoder.run(images(), Mode::kEvaluation), f);
    } catch (const ConfigError&) {
      ++refused;
    }
  }
  f.measured_settings(tables.size(), refused);
}

void declares_the_same_again(const Subject& s, Findings& f) {
  const EncoderHarness first(s.plugin.id, small()), second(s.plugin.id, small());
  const auto state = [](const EncoderHarness& e) {
    Named all;
    for (const auto& name : e.parameters()) all[name] = e.get(name);
    for (const auto& name : e.buffers()) all[name] = e.get(name);
    return all;
  };
  f.expect(first.parameters() == second.parameters(),
           "the order of its parameters differs when it is made again");
  f.expect_same(state(first), state(second), "when it is made again");
  f.measured(std::to_string(first.parameters().size()) + " parameters");
  f.measured(std::to_string(first.buffers().size()) + " buffers");
}

void is_deterministic(const Subject& s, Findings& f) {
  EncoderHarness encoder(s.plugin.id, small());
  Named before, after;
  for (const auto& name : encoder.buffers()) before[name] = encoder.get(name);
  const auto first = encoder.run(images(), Mode::kEvaluation);
  f.expect_same(first, encoder.run(images(), Mode::kEvaluation), "in a second evaluation");
  for (const auto& name : encoder.buffers()) after[name] = encoder.get(name);
  f.expect_same(before, after, "after an evaluation");
  EncoderHarness one(s.plugin.id, small()), two(s.plugin.id, small());
  f.expect_same(train_a_little(one), train_a_little(two), "in a second training from one state");
  f.measured("2 evaluations, 2 x 2 steps");
}

void treats_each_image_alone(const Subject& s, Findings& f) {
  EncoderHarness encoder(s.plugin.id, small());
  encoder.run(images(), Mode::kTraining);  // running averages that are not their first values
  const auto together = encoder.run(images(), Mode::kEvaluation);
  Worst all;
  for (std::int64_t i = 0; i < kImages; ++i) {
    for (const auto& [name, alone] : encoder.run(row(images(), i), Mode::kEvaluation)) {
      const double scale = 1 + largest(together.at(name));
      const double difference = all.add(alone, row(together.at(name), i));
      f.expect(difference <= 1e-5 * scale,  // float32; blocks of a matrix product differ
               "the output " + name + " of an image depends on the other images, by " +
                   number_text(difference));
    }
  }
  f.measured("largest difference " + number_text(all.difference()));
}

void sends_gradients_everywhere(const Subject& s, Findings& f) {
  EncoderHarness encoder(s.plugin.id, small());
  const auto gradients =
      encoder.gradients(images(), weights_for(encoder.run(images(), Mode::kEvaluation)));
  auto names = encoder.parameters();
  names.emplace_back("images");
  for (const auto& name : names) {
    const auto found = gradients.find(name);
    if (found == gradients.end()) {
      f.fail(name + " gets no gradient");
      continue;
    }
    f.expect_finite(found->second, "the gradient of " + name);
    f.expect(largest(found->second) > 0, "the gradient of " + name + " is zero everywhere");
  }
  f.measured(std::to_string(names.size() - 1) + " parameters");
}

/// Along random directions: one number a direction, whatever the number of parameters.
void has_the_gradient_of_its_value(const Subject& s, Findings& f) {
  // The fewer rectifiers bend within a step, the better: it is as short as rounding allows.
  constexpr double kStep = 1e-6, kTolerance = 1e-4;
  constexpr int kDirections = 2;
  auto settings = small();
  settings.compute = Compute::kFloat64;
  EncoderHarness encoder(s.plugin.id, settings);
  const auto input = images();
  const auto weights = weights_for(encoder.run(input, Mode::kEvaluation));
  const auto gradients = encoder.gradients(input, weights);
  const auto loss = [&](const Values& x) {
    double sum = 0;
    for (const auto& [name, values] : encoder.run(x, Mode::kTraining))
      sum += dot(values, weights.at(name));
    return sum;
  };
  Worst worst;
  for (int d = 0; d < kDirections; ++d) {
    Named start, direction;
    for (const auto& name : encoder.parameters()) {
      start[name] = encoder.get(name);
      direction[name] = normal(start[name].shape, name + " " + std::to_string(d));
    }
    start["images"] = input;
    direction["images"] = normal(input.shape, "images " + std::to_string(d));
    double wanted = 0, size = 0, length = 0;
    for (const auto& [name, values] : direction) {
      length += dot(values, values);
      const auto found = gradients.find(name);
      if (found == gradients.end()) continue;
      wanted += dot(values, found->second);
      size += dot(found->second, found->second);
    }
    const auto at = [&](double distance) {
      Values moved_images;
      for (const auto& [name, values] : start) {
        auto moved = values;
        for (std::size_t i = 0; i < moved.numbers.size(); ++i)
          moved.numbers[i] += distance * direction[name].numbers[i];
        if (name == "images")
          moved_images = moved;
        else
          encoder.set(name, moved);
      }
      return loss(moved_images);
    };
    const double step = kStep / std::sqrt(length);
    const double slope = (at(step) - at(-step)) / (2 * step);
    at(0);
    const double scale = std::sqrt(size) + 1e-12;
    f.expect(worst.add(wanted / scale, slope / scale) <= kTolerance,
             "along a random direction the gradients say " + number_text(wanted) +
                 ", the outputs change by " + number_text(slope) +
                 " (central difference, float64)");
  }
  f.measured(std::to_string(kDirections) + " directions");
  f.measured("largest relative error " + number_text(worst.difference()) + " of " +
             number_text(kTolerance));
}

void goes_on_after_save_and_load(const Subject& s, Findings& f) {
  const host::ScratchFolder folder;
  EncoderHarness first(s.plugin.id, small());
  train_a_little(first);
  first.save(folder.path() / "encoder.safetensors");
  auto other = small();
  other.seed = 5;
  EncoderHarness second(s.plugin.id, other);
  second.load(folder.path() / "encoder.safetensors");
  f.expect_same(train_a_little(first), train_a_little(second), "after save and load");
  f.measured("2 steps, a checkpoint, 2 steps");
}

void rounds_like_float32(const Subject& s, Findings& f) {
  auto exact = small();
  exact.compute = Compute::kFloat64;
  EncoderHarness wide(s.plugin.id, exact), narrow(s.plugin.id, small());
  const auto a = wide.run(images(), Mode::kEvaluation), b = narrow.run(images(), Mode::kEvaluation);
  Worst all;
  for (const auto& [name, values] : a) {
    const double scale = 1 + largest(values);
    Worst own;
    own.add(b.at(name), values);
    all.add(own.difference() / scale, 0);
    f.expect(own.difference() / scale <= 1e-4,  // float32 over all layers
             "the output " + name + " in float32 differs from float64 by " +
                 number_text(own.difference()));
  }
  f.measured("largest relative difference " + number_text(all.difference()) + " of 0.0001");
}

void lists_its_operators(const Subject& s, Findings& f) {
  auto limited = small();
  limited.most_state_mib = kMostStateMib;
  expect_operators(s, {}, "forward and backward", f, [&](const std::string& table) {
    EncoderHarness encoder(table, limited);
    const auto weights = weights_for(encoder.run(images(), Mode::kEvaluation));
    encoder.gradients(images(), weights);
  });
}

constexpr Check kChecks[] = {
    {"outputs", "has its declared outputs with their dimensions", has_its_declared_outputs},
    {"sizes", "takes one image, odd batches, odd sizes and grey images, or refuses them",
     takes_any_size},
    {"option_ends", "finite at the ends of its options", is_finite_at_option_ends},
    {"declaration", "declares the same when it is made again", declares_the_same_again},
    {"determinism", "the same again in evaluation and in training", is_deterministic},
    {"independence", "treats each image alone in evaluation", treats_each_image_alone},
    {"gradients", "sends a gradient to each parameter and to the images",
     sends_gradients_everywhere},
    {"gradient", "the gradients are those of the outputs, in float64",
     has_the_gradient_of_its_value},
    {"dtypes", "the same in float32 within its rounding", rounds_like_float32},
    {"save_and_load", "goes on alike after save and load", goes_on_after_save_and_load},
    {"operators", "calls what its file lists, and reads nothing back", lists_its_operators},
};

}  // namespace

std::span<const Check> encoder_checks() { return kChecks; }

}  // namespace kith::conformance
