// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include "config/read_value.h"

namespace kith::host {

// Ranges of the settings, for those who read them and for the schema; experiment.h says what each
// is.

inline constexpr IntRange kSeeds{0, std::numeric_limits<std::int64_t>::max()};
inline constexpr IntRange kViewCounts{1, 64};
inline constexpr IntRange kSides{1, 4096};
inline constexpr IntRange kResizes{1, 8192};
inline constexpr IntRange kCounts{1, 1'000'000};  ///< epochs and steps
inline constexpr IntRange kCountsOrNone{0, 1'000'000};
inline constexpr IntRange kImages{1, std::numeric_limits<std::int64_t>::max()};
inline constexpr IntRange kBatchSizes{1, 1'048'576};
inline constexpr IntRange kAccumulations{1, 65536};
inline constexpr IntRange kTensorThreads{1, 1024};
inline constexpr IntRange kLoaderThreads{0, 1024};

inline constexpr RealRange kProbabilities{0, 1};
inline constexpr RealRange kValFractions{0, 0.5};
inline constexpr RealRange kGradientNorms{0, 1e6};
inline constexpr RealRange kLearningRates{0, 1000};
inline constexpr RealRange kWeightDecays{0, 10};
inline constexpr RealRange kMomenta{0, 1, false, true};
inline constexpr RealRange kEpsilons{1e-20, 1};
inline constexpr RealRange kTrusts{1e-6, 1};
inline constexpr RealRange kWarmups{0, 1e6};
inline constexpr RealRange kFactors{0, 1, true, false};

}  // namespace kith::host
