// SPDX-License-Identifier: Apache-2.0
#include "conformance/shipped_plugins.h"

#include <algorithm>
#include <cmath>
#include <kith/random.hpp>
#include <stdexcept>

namespace kith::conformance {

std::vector<harness::Plugin> shipped(std::string_view kind) {
  const auto folder = std::filesystem::weakly_canonical(KITH_BUILD_DIR "/plugins").string();
  auto all = harness::plugins(kind);
  std::erase_if(all, [&](const auto& plugin) {
    return !std::filesystem::weakly_canonical(plugin.file).string().starts_with(folder);
  });
  return all;
}

harness::Plugin find_shipped(std::string_view kind, std::string_view id) {
  for (auto& plugin : shipped(kind))
    if (plugin.id == id) return plugin;
  throw std::runtime_error("no plugin '" + std::string(id) + "'");
}

std::set<std::string> listed_operators(std::string_view kind) {
  std::set<std::string> listed;
  for (const auto& plugin : shipped(kind))
    listed.insert(plugin.operators.begin(), plugin.operators.end());
  return listed;
}

std::vector<std::string> shipped_ids(std::string_view kind) {
  std::vector<std::string> ids;
  for (const auto& plugin : shipped(kind)) ids.push_back(plugin.id);
  return ids;
}

std::string short_name(const testing::TestParamInfo<std::string>& info) {
  return info.param.substr(info.param.rfind('.') + 1);
}

harness::Values normal(std::vector<std::int64_t> shape, std::string_view name) {
  std::size_t count = 1;
  for (const auto size : shape) count *= static_cast<std::size_t>(size);
  harness::Values values{std::move(shape), std::vector<double>(count)};
  Draw draw({.seed = 11}, name);
  for (auto& x : values.numbers) x = draw.normal();
  return values;
}

bool all_finite(const harness::Values& values) {
  return std::all_of(values.numbers.begin(), values.numbers.end(),
                     [](double x) { return std::isfinite(x); });
}

double largest(const harness::Values& values) {
  double most = 0;
  for (const auto x : values.numbers) most = std::max(most, std::abs(x));
  return most;
}

void expect_listed(const std::set<std::string>& called, const std::set<std::string>& listed) {
  EXPECT_FALSE(called.empty()) << "no operator was seen";
  for (const auto& name : called)
    EXPECT_TRUE(listed.count(name)) << name << " was called and is not listed";
}

}  // namespace kith::conformance
