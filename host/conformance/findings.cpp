// SPDX-License-Identifier: Apache-2.0
#include "conformance/findings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "conformance/numbers.h"

namespace kith::conformance {
namespace {

constexpr std::size_t kMostFailures = 8;

}  // namespace

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

void Findings::measured(const std::string& text) {
  figures_ += (figures_.empty() ? "" : ", ") + text;
}

void Findings::fail(const std::string& text) {
  if (failures_.size() >= kMostFailures) {
    if (unnamed_ > 0) failures_.pop_back();
    failures_.push_back("and " + std::to_string(++unnamed_) + " more");
    return;
  }
  failures_.push_back(about_.empty() ? text : about_ + ": " + text);
}

void Findings::expect_finite(const harness::Values& values, const std::string& name) {
  const auto bad = std::find_if(values.numbers.begin(), values.numbers.end(),
                                [](double x) { return !std::isfinite(x); });
  if (bad == values.numbers.end()) return;
  fail(name + " must be finite, got " + number_text(*bad) + " at position " +
       std::to_string(bad - values.numbers.begin()) + " of " + shape_text(values.shape));
}

void Findings::expect_same(const harness::Named& a, const harness::Named& b,
                           const std::string& when) {
  for (const auto& [name, values] : a) {
    const auto found = b.find(name);
    if (found == b.end()) {
      fail(name + " is there once and not again " + when);
    } else if (found->second.shape != values.shape) {
      fail(name + " is " + shape_text(values.shape) + ", then " + shape_text(found->second.shape) +
           " " + when);
    } else if (!(values.numbers == found->second.numbers)) {
      Worst worst;
      worst.add(found->second, values);
      fail(name + " differs " + when + ", by " + number_text(worst.difference()) +
           "; the same was wanted to the bit");
    }
  }
  for (const auto& [name, values] : b)
    if (a.count(name) == 0) fail(name + " is new " + when);
}

void Findings::expect_listed(const std::set<std::string>& called,
                             const std::set<std::string>& listed) {
  expect(!called.empty(), "no operator was seen");
  for (const auto& name : called)
    expect(listed.count(name) != 0,
           name +
               " was called and is not in the file's list; call it through the SDK, by a "
               "constant name");
}

void Findings::expect_no_read_back(const harness::Calls& calls) {
  const auto count = std::to_string(calls.read_backs);
  expect(calls.read_backs == 0, "a tensor was brought to the CPU " + count +
                                    " times; a step must not wait for the device");
  measured(count + " read-backs");
}

void Findings::measured_settings(std::size_t tried, int refused) {
  measured(std::to_string(tried) + " settings");
  if (refused > 0)
    measured(std::to_string(refused) + " refused or with more than " +
             std::to_string(kMostStateMib) + " MiB of state");
}

double Worst::add(double actual, double wanted) {
  const double difference = std::abs(actual - wanted);
  worst_ = std::max(
      worst_, std::isfinite(difference) ? difference : std::numeric_limits<double>::infinity());
  return difference;
}

double Worst::add(const harness::Values& actual, const harness::Values& wanted) {
  Worst own;
  for (std::size_t i = 0; i < std::min(actual.numbers.size(), wanted.numbers.size()); ++i)
    own.add(actual.numbers[i], wanted.numbers[i]);
  worst_ = std::max(worst_, own.worst_);
  return own.worst_;
}

}  // namespace kith::conformance
