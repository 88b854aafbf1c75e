// SPDX-License-Identifier: Apache-2.0
#include "train/parameter_groups.h"

#include <gtest/gtest.h>
#include <kith/abi/module.h>

#include <kith/error.hpp>

namespace kith::host {
namespace {

constexpr ParameterKind kParameterKinds[] = {
    ParameterKind::kWeight,    ParameterKind::kBias,          ParameterKind::kNormScale,
    ParameterKind::kNormShift, ParameterKind::kPositionTable, ParameterKind::kClassToken,
    ParameterKind::kLogScale,  ParameterKind::kWeightNormGain};

TEST(ParameterGroupsTest, KindsHaveTheValuesOfTheBorder) {
  EXPECT_EQ(std::uint32_t(ParameterKind::kWeight), std::uint32_t(KITH_WEIGHT));
  EXPECT_EQ(std::uint32_t(ParameterKind::kBias), std::uint32_t(KITH_BIAS));
  EXPECT_EQ(std::uint32_t(ParameterKind::kNormScale), std::uint32_t(KITH_NORM_SCALE));
  EXPECT_EQ(std::uint32_t(ParameterKind::kNormShift), std::uint32_t(KITH_NORM_SHIFT));
  EXPECT_EQ(std::uint32_t(ParameterKind::kPositionTable), std::uint32_t(KITH_POSITION_TABLE));
  EXPECT_EQ(std::uint32_t(ParameterKind::kClassToken), std::uint32_t(KITH_CLASS_TOKEN));
  EXPECT_EQ(std::uint32_t(ParameterKind::kLogScale), std::uint32_t(KITH_LOG_SCALE));
  EXPECT_EQ(std::uint32_t(ParameterKind::kWeightNormGain), std::uint32_t(KITH_WEIGHT_NORM_GAIN));
}

TEST(ParameterGroupsTest, NothingIsExemptByDefault) {
  for (ParameterKind kind : kParameterKinds) {
    EXPECT_EQ(treatment_of(kind, {}), ParameterTreatment{}) << parameter_kind_name(kind);
  }
}

TEST(ParameterGroupsTest, NormExemptsScaleAndShift) {
  const ParameterExemptions exemptions{{"norm"}, {}};
  for (ParameterKind kind : kParameterKinds) {
    const bool is_norm = kind == ParameterKind::kNormScale || kind == ParameterKind::kNormShift;
    EXPECT_EQ(treatment_of(kind, exemptions).decays, !is_norm) << parameter_kind_name(kind);
    EXPECT_TRUE(treatment_of(kind, exemptions).adapts) << parameter_kind_name(kind);
  }
}

TEST(ParameterGroupsTest, DecayAndAdaptationAreChosenApart) {
  const ParameterExemptions exemptions{{"bias"}, {"position_table", "class_token", "log_scale"}};
  EXPECT_FALSE(treatment_of(ParameterKind::kBias, exemptions).decays);
  EXPECT_TRUE(treatment_of(ParameterKind::kBias, exemptions).adapts);
  for (ParameterKind kind :
       {ParameterKind::kPositionTable, ParameterKind::kClassToken, ParameterKind::kLogScale}) {
    EXPECT_TRUE(treatment_of(kind, exemptions).decays);
    EXPECT_FALSE(treatment_of(kind, exemptions).adapts);
  }
}

TEST(ParameterGroupsTest, WeightsAndWeightNormGainsAreNeverExempt) {
  const ParameterExemptions all{exemption_names(), exemption_names()};
  EXPECT_EQ(treatment_of(ParameterKind::kWeight, all), ParameterTreatment{});
  EXPECT_EQ(treatment_of(ParameterKind::kWeightNormGain, all), ParameterTreatment{});
  EXPECT_FALSE(treatment_of(ParameterKind::kNormShift, all).decays);
}

TEST(ParameterGroupsTest, RejectsAnUnknownNameAndNamesTheKey) {
  try {
    check_exemptions({{"bias"}, {"biases"}});
    FAIL() << "did not throw";
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(),
                 "optimizer: a kind of parameter must be one of 'bias', 'norm', 'position_table', "
                 "'class_token', 'log_scale', got 'biases' (optimizer.no_adaptation)");
  }
}

TEST(ParameterGroupsTest, RejectsAKindThatDoesNotExist) {
  try {
    treatment_of(static_cast<ParameterKind>(8), {});
    FAIL() << "did not throw";
  } catch (const PluginError& e) {
    EXPECT_STREQ(e.what(), "parameter groups: a parameter's kind must be in [0, 7], got 8");
  }
}

TEST(ParameterGroupsTest, GroupsParametersThatAreTreatedAlikeInOrder) {
  ParameterTreatment slow;
  slow.lr_factor = 0.1;
  slow.decays = false;
  slow.constant_lr = true;
  const auto groups = group_parameters({{"a", {}}, {"b", slow}, {"c", {}}, {"d", slow}});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].names, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(groups[1].names, (std::vector<std::string>{"b", "d"}));
  EXPECT_EQ(describe(groups[0].treatment), "decay, adaptation");
  EXPECT_EQ(describe(groups[1].treatment),
            "no decay, adaptation, learning rate x 0.1, constant learning rate");
}

}  // namespace
}  // namespace kith::host
