// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cmath>
#include <kith/error.hpp>
#include <thread>

#include "conformance/augmentation_subject.h"
#include "conformance/guarded_view.h"

namespace kith::conformance {
namespace {

using host::AugmentationStage;
using host::ViewPipeline;
using host::ViewScratch;

constexpr std::uint64_t kSamples = 6;

/// The augmentation as the only one of a view.
ViewPipeline pipeline_of(std::shared_ptr<const host::Augmentation> augmentation,
                         const Place& place) {
  return ViewPipeline({{.augmentation = std::move(augmentation)}}, place.spec());
}

Picture picture_for(const Place& place, std::uint64_t sample) {
  return Picture(place.height + 6, place.width + 3, place.channels, sample);
}

std::vector<float> view_of(const ViewPipeline& pipeline, const Picture& picture,
                           std::uint64_t sample) {
  std::vector<float> view(pipeline.spec().floats());
  ViewScratch scratch;
  pipeline.run(picture.view(), key_of(sample), view.data(), scratch);
  return view;
}

/// Runs `work(augmentation, place)` for each setting and place, named in the findings.
template <class Work>
void for_each_place(const std::vector<std::string>& tables, Findings& f, Work&& work) {
  int refused = 0, places = 0;
  for (const auto& table : tables) {
    f.about(table);
    std::shared_ptr<const host::Augmentation> augmentation;
    try {
      augmentation = make_augmentation(table);
    } catch (const ConfigError&) {
      ++refused;
      continue;
    }
    for (const auto& place : places_of(*augmentation, refused)) {
      f.about(table + ", " + place.text());
      work(augmentation, place);
      ++places;
    }
  }
  f.about("");
  f.expect(places > 0, "refuses every view: 1 x 1 to 33 x 67 px with the channels it declares");
  f.measured_settings(tables.size());
  f.measured(std::to_string(places) + " places");
  if (refused > 0) f.measured(std::to_string(refused) + " refused");
}

void makes_finite_views(const Subject& s, Findings& f) {
  for_each_place(s.tables(), f, [&](const auto& augmentation, const Place& place) {
    const auto pipeline = pipeline_of(augmentation, place);
    for (std::uint64_t sample = 0; sample < kSamples; ++sample)
      for (const float value : view_of(pipeline, picture_for(place, sample), sample))
        if (!std::isfinite(value)) return f.fail("makes views with numbers that are not finite");
  });
}

bool in_range(float value, const host::Augmentation& augmentation, const Place& place) {
  if (augmentation.final()) return std::isfinite(value);
  if (place.is_pillow8())  // the host rounds for those that do not
    return augmentation.rounds() ? value >= 0 && value <= 255 && value == std::floor(value)
                                 : std::isfinite(value);
  return value >= -1e-4F && value <= 1 + 1e-4F;  // float32
}

void stays_within_its_view(const Subject& s, Findings& f) {
  for_each_place(s.tables(), f, [&](const auto& augmentation, const Place& place) {
    if (augmentation->stage() == AugmentationStage::kGeometry) return;
    for (std::uint64_t sample = 0; sample < kSamples; ++sample) {
      GuardedView view(place, sample);
      view.apply(*augmentation, sample, 2048);
      for (const auto& damage : view.damages()) f.fail(damage);
      for (std::size_t i = 0; i < view.drawn().size(); ++i)
        f.expect(std::isfinite(view.drawn()[i]),
                 "draws " + number_text(view.drawn()[i]) + " for " + augmentation->fields()[i]);
      for (const float value : view.pixels())
        if (!in_range(value, *augmentation, place))
          return f.fail("leaves values from black to white, 0 to " +
                        number_text(static_cast<double>(place.white())) + ": got " +
                        number_text(static_cast<double>(value)));
      if (!view.damages().empty()) return;
    }
  });
}

void treats_each_pixel_alone(const Subject& s, Findings& f) {
  if (make_augmentation(s.plugin.id)->stage() != AugmentationStage::kPixel)
    return f.skip("it is of another stage than pixel");
  for_each_place(s.tables(), f, [&](const auto& augmentation, const Place& place) {
    GuardedView once(place, 1), parts(place, 1);
    once.apply(*augmentation, 1, place.spec().pixels());
    parts.apply(*augmentation, 1, 3);
    f.expect(once.pixels() == parts.pixels(),
             "the result depends on where the host cuts a view into runs");
  });
}

void gives_the_same_on_any_thread(const Subject& s, Findings& f) {
  constexpr int kThreads = 4;
  for_each_place({s.plugin.id}, f, [&](const auto& augmentation, const Place& place) {
    const auto pipeline = pipeline_of(augmentation, place);
    std::vector<std::vector<float>> wanted;
    for (std::uint64_t i = 0; i < kSamples; ++i)
      wanted.push_back(view_of(pipeline, picture_for(place, i), i));
    std::atomic<int> different = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < kSamples; ++i) {
          const auto sample = (i + static_cast<std::uint64_t>(t)) % kSamples;
          try {
            if (view_of(pipeline, picture_for(place, sample), sample) != wanted[sample])
              ++different;
          } catch (const std::exception&) {
            ++different;
          }
        }
      });
    for (auto& thread : threads) thread.join();
    f.expect(different == 0, std::to_string(different) + " of " +
                                 std::to_string(kThreads * static_cast<int>(kSamples)) +
                                 " views differ when four threads make them at the same time");
  });
  f.measured(std::to_string(kThreads) + " threads");
}

void replays_what_it_drew(const Subject& s, Findings& f) {
  for_each_place({s.plugin.id}, f, [&](const auto& augmentation, const Place& place) {
    const auto pipeline = pipeline_of(augmentation, place);
    // All are drawn before one is replayed, so that nothing is left in the augmentation by chance.
    std::vector<host::DrawnView> drawn;
    std::vector<std::vector<float>> views;
    for (std::uint64_t i = 0; i < kSamples; ++i) {
      const auto picture = picture_for(place, i);
      drawn.push_back(pipeline.draw(picture.height, picture.width, key_of(i)));
      views.push_back(view_of(pipeline, picture, i));
    }
    for (std::uint64_t i = 0; i < kSamples; ++i) {
      std::vector<float> again(place.spec().floats());
      ViewScratch scratch;
      pipeline.replay(picture_for(place, i).view(), drawn[i], again.data(), scratch);
      f.expect(again == views[i],
               "the numbers that it drew do not make the same view again; declare all that is "
               "drawn as a field");
    }
  });
}

void draws_from_its_key_alone(const Subject& s, Findings& f) {
  std::size_t fields = 0, varying = 0;
  for_each_place({s.plugin.id}, f, [&](const auto& augmentation, const Place& place) {
    fields = augmentation->fields().size();
    std::vector<std::vector<double>> drawn;
    for (int round = 0; round < 2; ++round)
      for (std::uint64_t i = 0; i < kSamples; ++i) {
        std::vector<double> values(fields);
        augmentation->draw(source_of(place, i), values.data());
        drawn.push_back(values);
      }
    bool varies = false;
    for (std::size_t i = 0; i < kSamples; ++i) {
      f.expect(drawn[i] == drawn[i + kSamples],
               "draws other numbers for the same sample a second time; draw from the source alone");
      varies |= drawn[i] != drawn[0];
    }
    varying += varies ? 1 : 0;
    f.expect(!varies || !augmentation->deterministic(),
             "is declared deterministic and draws differently for different samples");
  });
  f.measured(std::to_string(fields) + " drawn numbers");
  f.measured(std::to_string(varying) + " places where they differ between samples");
}

constexpr Check kChecks[] = {
    {"views", "views are finite at the ends of its options, at small and odd sizes",
     makes_finite_views},
    {"bounds", "writes within its view, its scratch space and its drawn numbers",
     stays_within_its_view},
    {"pixels", "treats each pixel alone", treats_each_pixel_alone},
    {"draws", "draws from its key alone", draws_from_its_key_alone},
    {"replay", "what was drawn makes the same view again", replays_what_it_drew},
    {"threads", "the same bytes on any thread", gives_the_same_on_any_thread},
};

}  // namespace

std::span<const Check> augmentation_checks() { return kChecks; }

}  // namespace kith::conformance
