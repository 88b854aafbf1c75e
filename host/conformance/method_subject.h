// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <kith/harness.hpp>
#include <string>

#include "conformance/check.h"

/// How a method is tried: batches of a few random views, small images, a tiny data set.
namespace kith::conformance {

/// The least batch that the method declares.
std::int64_t smallest_batch(const Subject& s);
/// Even, since a queue may want whole batches.
std::int64_t usual_batch(const Subject& s);

/// For batches of n images.
harness::Settings method_settings(std::int64_t n);

/// The method of a table (empty: with its defaults) on the subject's encoder.
harness::MethodHarness make_method(const Subject& s, std::int64_t n, const std::string& table = "");

/// As many random views as the method wants, with labels; `step` tells batches apart.
harness::Batch batch_of(const Subject& s, std::int64_t n, int step = 0);

}  // namespace kith::conformance
