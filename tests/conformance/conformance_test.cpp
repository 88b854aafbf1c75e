// SPDX-License-Identifier: Apache-2.0
// Every plugin that ships holds what `kith plugin check` asks of its kind.
#include <gtest/gtest.h>

#include <ostream>

#include "conformance/check.h"
#include "conformance/shipped_plugins.h"

namespace kith::conformance {
namespace {

struct Case {
  harness::Plugin plugin;
  const Check* check;

  // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's name.
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.check->what; }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* kind : {"augmentation", "encoder", "evaluation", "loss", "method"})
    for (const auto& plugin : shipped(kind))
      for (const auto& check : checks_of(kind)) all.push_back({plugin, &check});
  return all;
}

/// A method with an encoder that has convolutions, batch norm and so buffers.
constexpr const char* kConvolutions =
    R"(plugin = "convnet", widths = [4, 6], strides = [2, 1], first_kernel = 3, grid = 1)";

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.plugin.name + "_" + std::string(info.param.check->name);
}

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, Holds) {
  const auto& [plugin, check] = GetParam();
  const auto findings = run_check(*check, {.plugin = plugin, .encoder = kConvolutions});
  for (const auto& failure : findings.failures()) ADD_FAILURE() << check->what << ": " << failure;
  EXPECT_FALSE(findings.figures().empty() && findings.skipped().empty())
      << "a check says what it measured";
}

INSTANTIATE_TEST_SUITE_P(Shipped, Conformance, testing::ValuesIn(cases()), name_of);

TEST(ConformanceTest, EveryKindHasChecksWithNamesOfTheirOwn) {
  for (const char* kind : {"augmentation", "encoder", "evaluation", "loss", "method"}) {
    std::set<std::string_view> names;
    for (const auto& check : checks_of(kind)) {
      EXPECT_TRUE(names.insert(check.name).second) << kind << " " << check.name;
      EXPECT_FALSE(check.what.empty());
    }
    EXPECT_GE(names.size(), 5U) << kind;
  }
  EXPECT_TRUE(checks_of("optimiser").empty());
}

}  // namespace
}  // namespace kith::conformance
