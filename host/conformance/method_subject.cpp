// SPDX-License-Identifier: Apache-2.0
#include "conformance/method_subject.h"

#include <algorithm>

#include "conformance/numbers.h"

namespace kith::conformance {
namespace {

constexpr std::int64_t kSide = 8, kClasses = 3;

std::int64_t need(const Subject& s, const std::string& name, std::int64_t otherwise) {
  const auto found = s.plugin.needs.find(name);
  return found == s.plugin.needs.end() ? otherwise : std::stoll(found->second);
}

}  // namespace

std::int64_t smallest_batch(const Subject& s) {
  return std::max<std::int64_t>(1, need(s, "min_batch", 1));
}

std::int64_t usual_batch(const Subject& s) { return 2 * smallest_batch(s); }

harness::Settings method_settings(std::int64_t n) {
  return {.height = kSide,
          .width = kSide,
          .train_images = 8 * n,
          .batch_size = n,
          .classes = kClasses,
          .epochs = 2,
          .optimizer = R"(kind = "sgd", base_lr = 0.05, sgd_momentum = 0.9, weight_decay = 1e-4)",
          .schedule = R"(kind = "cosine")",
          .most_state_mib = kMostStateMib};
}

harness::MethodHarness make_method(const Subject& s, std::int64_t n, const std::string& table) {
  return harness::MethodHarness(table.empty() ? s.plugin.id : table, method_settings(n),
                                {{"encoder", s.encoder}});
}

harness::Batch batch_of(const Subject& s, std::int64_t n, int step) {
  harness::Batch b;
  for (std::int64_t v = 0; v < need(s, "min_views", 1); ++v)
    b.views.push_back(
        normal({n, 3, kSide, kSide}, "view " + std::to_string(v) + " of " + std::to_string(step)));
  for (std::int64_t i = 0; i < n; ++i) {
    b.labels.push_back(i % kClasses);
    b.indices.push_back((i + step * n) % (8 * n));
  }
  return b;
}

}  // namespace kith::conformance
