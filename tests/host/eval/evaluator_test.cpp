// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluator.h"

#include <gmock/gmock.h>

#include <cmath>

#include "device.h"
#include "host/model/fixture_job.h"
#include "host/model/tiny_experiment.h"
#include "train/dry_run.h"
#include "train/trainer.h"

namespace kith::host::test {
namespace {

using testing::HasSubstr;

const std::string kProbe = "[[evaluation]]\nplugin = \"probe_evaluation\"\nevery_epochs = 2\n";

std::map<std::string, double> by_path(const std::vector<Result>& results) {
  std::map<std::string, double> values;
  for (const auto& r : results) {
    EXPECT_TRUE(values.emplace(r.path(), r.value).second) << r.path() << " twice";
  }
  return values;
}

struct Setting {
  explicit Setting(const std::string& more, std::vector<std::string> overrides = {},
                   bool labels = true, bool test = true)
      : tiny(more, std::move(overrides), labels, test),
        assembly(tiny.assemble()),
        job(make_job(assembly, test::device())),
        evaluator(assembly, test::device(), 1) {}
  std::int64_t size(Split split) const { return assembly.dataset->size(split); }
  TinyExperiment tiny;
  Assembly assembly;
  std::unique_ptr<Job> job;
  Evaluator evaluator;
};

TEST(EvaluatorTest, OnValTheBankIsTrainAndTestStaysShut) {
  Setting s(kProbe);
  const auto values = by_path(s.evaluator.on_val(*s.job, 2));
  EXPECT_EQ(values.at("probe_evaluation/val/trained/plain/bank_rows"), s.size(Split::kTrain));
  EXPECT_EQ(values.at("probe_evaluation/val/trained/plain/query_rows"), s.size(Split::kVal));
  EXPECT_EQ(values.at("probe_evaluation/val/trained/plain/width"), 4);
  EXPECT_EQ(values.at("probe_evaluation/val/pixels/plain/width"), 16);
  EXPECT_EQ(values.at("probe_evaluation/val/trained/plain/classes"), 3);
  EXPECT_EQ(s.assembly.dataset->test_reads(), 0);
}

TEST(EvaluatorTest, AtTheEndTheBankIsTrainWithValAndTestIsOpenedOnce) {
  Setting s(kProbe);
  s.evaluator.on_val(*s.job, 2);
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/bank_rows"), 40);
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/query_rows"), 12);
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/labels"), 4 * (0 + 1 + 2));
  EXPECT_EQ(s.assembly.dataset->test_reads(), 1);
}

TEST(EvaluatorTest, ValRowsAreTheBanksLastAtTheEndAndNoneWhereValIsTheQuery) {
  Setting s(kProbe), no_test(kProbe, {"data.read_test=false"});
  EXPECT_EQ(
      by_path(s.evaluator.on_val(*s.job, 2)).at("probe_evaluation/val/trained/plain/bank_val_rows"),
      0);
  EXPECT_EQ(
      by_path(s.evaluator.at_end(*s.job)).at("probe_evaluation/test/trained/plain/bank_val_rows"),
      s.size(Split::kVal));
  EXPECT_EQ(by_path(no_test.evaluator.at_end(*no_test.job))
                .at("probe_evaluation/val/trained/plain/bank_val_rows"),
            0);
}

TEST(EvaluatorTest, EachEvaluationHasTheRowsThatDoNotChangeAtItsFirstTime) {
  Setting s("[[evaluation]]\nplugin = \"probe_evaluation\"\nevery_epochs = 1\n" + kProbe,
            {"train.epochs=6"});
  EXPECT_EQ(
      by_path(s.evaluator.on_val(*s.job, 1)).count("probe_evaluation/val/untrained/plain/width"),
      1U);
  const auto second = by_path(s.evaluator.on_val(*s.job, 2));
  EXPECT_EQ(second.count("probe_evaluation/val/untrained/plain/width"), 0U);
  EXPECT_EQ(second.count("probe_evaluation_2/val/untrained/plain/width"), 1U);
  EXPECT_EQ(
      by_path(s.evaluator.on_val(*s.job, 4)).count("probe_evaluation_2/val/untrained/plain/width"),
      0U);
  Setting resumed(kProbe);
  resumed.evaluator.skip_constant_rows({"probe_evaluation"});
  EXPECT_EQ(by_path(resumed.evaluator.on_val(*resumed.job, 2))
                .count("probe_evaluation/val/untrained/plain/width"),
            0U);
}

const std::vector<std::string> kInstDisc = {"method.plugin=instdisc", "method.classifier=full",
                                            "method.embedding_width=6"};

TEST(EvaluatorTest, AHeadOfTheMethodMayStandBehindTheOutput) {
  Setting s(kProbe + "head = \"projector\"\n", kInstDisc);
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/width"), 6);
  EXPECT_EQ(values.at("probe_evaluation/test/untrained/plain/width"), 6);
  EXPECT_EQ(values.at("probe_evaluation/test/pixels/plain/width"), 16);
  EXPECT_EQ(s.evaluator.features().at("test").size(1), 4) << "run.h5 has the encoder's output";
}

TEST(EvaluatorTest, ABankIsSearchedInPlaceOfTrainsFeatures) {
  const std::string table = kProbe + "head = \"projector\"\nbank = \"memory_bank\"\n";
  for (const auto& [images, labels] : {std::pair{30, 30}, {15, 15}}) {
    auto overrides = kInstDisc;
    overrides.push_back("data.train_images=" + std::to_string(images));
    Setting s(table, overrides);
    const auto values = by_path(s.evaluator.at_end(*s.job));
    EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/bank_rows"), images);
    EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/width"), 6);
    EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/bank_val_rows"), 0);
    EXPECT_EQ(values.count("probe_evaluation/test/untrained/plain/width"), 0U);
    EXPECT_EQ(values.count("probe_evaluation/test/pixels/plain/width"), 0U);
  }
}

TEST(EvaluatorTest, ABanksRowsHaveTheLabelsOfTheImagesThatAreTrainedOn) {
  auto overrides = kInstDisc;
  overrides.push_back("data.train_images=15");
  Setting s("", overrides);
  const auto bank = s.job->state().find_buffer("method.memory_bank")->value.cpu();
  EXPECT_TRUE(at::equal(bank_rows(*s.job, s.assembly, "memory_bank"), bank));
  const auto labels = trained_labels(s.assembly);
  const auto& all = s.assembly.dataset->labels(Split::kTrain);
  ASSERT_EQ(labels.size(0), 15);
  for (std::int64_t row = 0; row < 15; ++row)
    EXPECT_EQ(labels[row].item<std::int64_t>(),
              all[static_cast<std::size_t>(s.assembly.trained[static_cast<std::size_t>(row)])]);
}

TEST(EvaluatorTest, AHeadOrABankThatIsNotThereIsNamedBeforeTraining) {
  const auto error_of = [](const std::string& keys, std::vector<std::string> overrides) {
    const TinyExperiment tiny(kProbe + keys, std::move(overrides));
    return thrown<kith::ConfigError>([&] { dry_run(tiny.assemble()); });
  };
  EXPECT_EQ(
      error_of("head = \"projektor\"\n", kInstDisc),
      "head: org.kith.instdisc has no head 'projektor'; its heads: \"projector\"; did you mean "
      "'projector'?");
  EXPECT_EQ(error_of("bank = \"memory\"\n", kInstDisc),
            "bank: org.kith.instdisc has no buffer 'memory'; with a row for each image that is "
            "trained on: \"memory_bank\"; did you mean 'memory_bank'?");
  EXPECT_EQ(error_of("bank = \"memory_bank\"\n", kInstDisc),
            "org.test.probe_evaluation: the rows of bank 'memory_bank' have 6 numbers and output "
            "'features' of role 'encoder' has 4; name the head that fills the bank");
  EXPECT_THAT(error_of("head = \"any\"\n", {}), testing::HasSubstr("it has none"));
  EXPECT_EQ(error_of("head = \"projector@target\"\n", kInstDisc),
            "head: got 'projector@target'; a copy of a head is chosen by `copy`");
  EXPECT_EQ(error_of("bank = \"z\"\n", {"method.plugin=instdisc", "method.negatives=4"}),
            "bank: 'z' of org.kith.instdisc must have a row for each of the 32 images that are "
            "trained on, it is []");
}

TEST(EvaluatorTest, WhatIgnoresAShiftIsNotRunOnCentredRows) {
  Setting s("[[evaluation]]\nplugin = \"linear\"\nlabels_per_class = [0]\n");
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.count("linear/test/trained/plain/top1"), 1U);
  EXPECT_EQ(values.count("linear/test/trained/centred/top1"), 0U);
}

TEST(EvaluatorTest, FeaturesAreThereWithoutAnEvaluation) {
  Setting s("");
  EXPECT_TRUE(s.evaluator.at_end(*s.job).empty());
  const auto& features = s.evaluator.features();
  ASSERT_EQ(features.size(), 3u);
  for (const auto split : {Split::kTrain, Split::kVal, Split::kTest})
    EXPECT_EQ(features.at(std::string(split_name(split))).size(0), s.size(split));
}

TEST(EvaluatorTest, FeaturesOfATestThatIsNotReadAreNotThere) {
  Setting s("", {"data.read_test=false"});
  s.evaluator.at_end(*s.job);
  EXPECT_EQ(s.evaluator.features().size(), 2u);
  EXPECT_EQ(s.assembly.dataset->test_reads(), 0);
}

TEST(EvaluatorTest, FeaturesThatAreNotFiniteAreToldAndNotEvaluated) {
  Setting s(kProbe);
  {
    const at::NoGradGuard no_grad;
    s.job->state().find_parameter("encoder.last.bias")->value[2] = std::nan("");
  }
  const auto values = by_path(s.evaluator.on_val(*s.job, 2));
  EXPECT_EQ(values.count("probe_evaluation/val/trained/plain/bank_rows"), 0U);
  EXPECT_EQ(values.count("probe_evaluation/val/untrained/plain/bank_rows"), 1U);
  const auto train = std::to_string(s.size(Split::kTrain));
  const auto val = std::to_string(s.size(Split::kVal));
  EXPECT_THAT(s.evaluator.take_warnings(),
              testing::ElementsAre("probe_evaluation: the features of the trained encoder are not "
                                   "finite in " +
                                   train + " of " + train + " rows of train (the first: row 0), " +
                                   val + " of " + val +
                                   " rows of val (the first: row 0); they are not evaluated: "
                                   "output 'features' of role 'encoder'"));
  EXPECT_TRUE(s.evaluator.take_warnings().empty());
}

TEST(EvaluatorTest, CentredRowsHaveTheBanksMeanSubtracted) {
  Setting s(kProbe);
  const auto values = by_path(s.evaluator.at_end(*s.job));
  for (const std::string row : {"pixels", "untrained", "trained"}) {
    EXPECT_GT(values.at("probe_evaluation/test/" + row + "/plain/largest_mean"), 1e-3) << row;
    EXPECT_LT(values.at("probe_evaluation/test/" + row + "/centred/largest_mean"), 1e-5) << row;
  }
  // The queries move by the bank's mean, not by their own.
  const auto& features = s.evaluator.features();
  const auto mean = at::cat({features.at("train"), features.at("val")}).mean(0);
  EXPECT_NEAR(values.at("probe_evaluation/test/trained/centred/first"),
              (features.at("test")[0][0] - mean[0]).item<double>(), 1e-6);
}

TEST(EvaluatorTest, TheUntrainedRowIsTheEncoderAsItBegan) {
  Setting s(kProbe);
  const auto before = by_path(s.evaluator.on_val(*s.job, 2));
  EXPECT_EQ(before.at("probe_evaluation/val/untrained/plain/first"),
            before.at("probe_evaluation/val/trained/plain/first"));
  Trainer trainer(s.assembly, *s.job, Threads{1, 1});
  trainer.run(0, StopSignal(), {});
  const auto after = by_path(s.evaluator.at_end(*s.job));
  EXPECT_NE(after.at("probe_evaluation/test/untrained/plain/first"),
            after.at("probe_evaluation/test/trained/plain/first"));
  Setting fresh(kProbe);
  EXPECT_EQ(
      by_path(fresh.evaluator.at_end(*fresh.job)).at("probe_evaluation/test/trained/plain/first"),
      after.at("probe_evaluation/test/untrained/plain/first"));
}

TEST(EvaluatorTest, RowsThatTrainingDoesNotChangeAreEvaluatedOnce) {
  Setting s(kProbe);
  EXPECT_EQ(by_path(s.evaluator.on_val(*s.job, 2)).count("probe_evaluation/val/pixels/plain/first"),
            1U);
  const auto second = by_path(s.evaluator.on_val(*s.job, 4));
  EXPECT_EQ(second.count("probe_evaluation/val/pixels/plain/first"), 0U);
  EXPECT_EQ(second.count("probe_evaluation/val/untrained/plain/first"), 0U);
  EXPECT_EQ(second.count("probe_evaluation/val/trained/plain/first"), 1U);
  EXPECT_EQ(by_path(s.evaluator.at_end(*s.job)).count("probe_evaluation/test/pixels/plain/first"),
            1U)
      << "on test anew";
}

TEST(EvaluatorTest, IsDueEveryFewEpochs) {
  Setting s(kProbe);
  EXPECT_FALSE(s.evaluator.due(1));
  EXPECT_TRUE(s.evaluator.due(2));
  EXPECT_TRUE(s.evaluator.on_val(*s.job, 3).empty());
  Setting never("[[evaluation]]\nplugin = \"probe_evaluation\"\n");
  EXPECT_FALSE(never.evaluator.due(1));
}

TEST(EvaluatorTest, PixelRowsCanBeLeftOut) {
  Setting s(kProbe + "pixels = false\n");
  EXPECT_EQ(by_path(s.evaluator.at_end(*s.job)).count("probe_evaluation/test/pixels/plain/first"),
            0U);
}

TEST(EvaluatorTest, TwoOfOnePluginKeepTheirNumbersApart) {
  Setting s(kProbe + kProbe + "output = \"hidden\"\n");
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/width"), 4);
  EXPECT_EQ(values.at("probe_evaluation_2/test/trained/plain/width"), 8);
}

TEST(EvaluatorTest, ACopyIsEvaluatedByItsName) {
  Setting s(kProbe + "copy = \"teacher\"\n", {"method.plugin=copies_method"});
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/width"), 4);
  EXPECT_EQ(s.evaluator.feature_choice().copy, "teacher");
}

TEST(EvaluatorTest, WithoutTestTheEndIsOnVal) {
  Setting s(kProbe, {}, true, false);
  EXPECT_EQ(by_path(s.evaluator.at_end(*s.job)).at("probe_evaluation/val/trained/plain/bank_rows"),
            s.size(Split::kTrain));
}

TEST(EvaluatorTest, TestStaysShutWhereTheExperimentSaysSo) {
  Setting s(kProbe, {"data.read_test=false"});
  EXPECT_EQ(by_path(s.evaluator.at_end(*s.job)).at("probe_evaluation/val/trained/plain/bank_rows"),
            s.size(Split::kTrain));
  EXPECT_EQ(s.assembly.dataset->test_reads(), 0);
}

TEST(EvaluatorTest, WhatNeedsLabelsIsLeftOutWithoutThem) {
  Setting s(kProbe + "[[evaluation]]\nplugin = \"knn\"\n", {}, false);
  const auto values = by_path(s.evaluator.at_end(*s.job));
  EXPECT_EQ(values.at("probe_evaluation/test/trained/plain/labels"), -1);
  for (const auto& [path, value] : values) EXPECT_THAT(path, testing::Not(HasSubstr("knn")));
}

TEST(EvaluatorTest, EvaluationModeLeavesTrainingStateAlone) {
  Setting s(kProbe, {"encoder.norm=true", "encoder.dropout=0.5"});
  auto* mean = s.job->state().find_buffer("encoder.first.1.running_mean");
  const auto before = mean->value.clone();
  const auto a = by_path(s.evaluator.on_val(*s.job, 2)), b = by_path(s.evaluator.on_val(*s.job, 2));
  EXPECT_TRUE(at::equal(mean->value, before));
  EXPECT_EQ(a.at("probe_evaluation/val/trained/plain/first"),
            b.at("probe_evaluation/val/trained/plain/first"));
  EXPECT_TRUE(s.job->training());
}

TEST(EvaluatorTest, AFailingEvaluationIsNamedWithItsRow) {
  Setting s(kProbe + "fails = true\n");
  EXPECT_EQ(thrown<ShapeError>([&] { s.evaluator.at_end(*s.job); }),
            "org.test.probe_evaluation: evaluate (pixels): probe: told to fail");
}

TEST(EvaluatorTest, TablesAreKeptByPath) {
  Setting s(kProbe);
  s.evaluator.at_end(*s.job);
  bool found = false;
  for (const auto& table : s.evaluator.tables())
    if (table.path == "probe_evaluation/test/trained/plain/query") {
      found = true;
      EXPECT_TRUE(at::equal(table.value, s.evaluator.features().at("test")));
    }
  EXPECT_TRUE(found);
}

const std::string kViews = "[[evaluation]]\nplugin = \"view_retrieval\"\nevery_epochs = 1\n";

TEST(EvaluatorTest, ViewsAreOfValAtTheEndToo) {
  Setting s(kViews + "augment = []\n");
  for (const auto& values :
       {by_path(s.evaluator.on_val(*s.job, 1)), by_path(s.evaluator.at_end(*s.job))}) {
    // Without augmentations both views are the image itself, and the tiny images differ.
    EXPECT_EQ(values.at("view_retrieval/val/pixels/plain/recall_at_1"), 1);
    EXPECT_EQ(values.at("view_retrieval/val/trained/centred/recall_at_1"), 1);
    EXPECT_EQ(values.at("view_retrieval/val/untrained/plain/recall_at_1"), 1);
  }
}

TEST(EvaluatorTest, ViewsAreTheSameInEverySeedAndEpoch) {
  const std::string noisy = kViews +
                            "k = [1, 2, 3]\n"
                            "augment = [{ plugin = \"random_resized_crop\", area = [0.1, 0.6] }]\n";
  Setting one(noisy, {"train.epochs=3"}), other(noisy, {"train.epochs=3", "seed=9"});
  const auto first = by_path(one.evaluator.on_val(*one.job, 1)),
             second = by_path(one.evaluator.on_val(*one.job, 2)),
             at_end = by_path(one.evaluator.at_end(*one.job)),
             of_other = by_path(other.evaluator.on_val(*other.job, 1));
  // The rows of the trained encoder, which are evaluated each time; nothing trained it meanwhile.
  EXPECT_EQ(second.size(), 6U) << "three k, plain and centred";
  for (const auto& [path, value] : second) EXPECT_EQ(value, first.at(path)) << path;
  EXPECT_EQ(first, at_end);
  const std::string pixels = "view_retrieval/val/pixels/plain/recall_at_1";
  EXPECT_LT(first.at(pixels), 1) << "the crops differ";
  EXPECT_EQ(first.at(pixels), of_other.at(pixels));
}

TEST(EvaluatorTest, WhatIsOnValAtTheEndIsNotEvaluatedAfterTheLastEpochToo) {
  Setting views(kViews);
  EXPECT_TRUE(views.evaluator.on_val(*views.job, 2).empty());
  Setting without_test(kProbe, {"data.read_test=false"});
  EXPECT_TRUE(without_test.evaluator.on_val(*without_test.job, 2).empty());
}

TEST(EvaluatorTest, ViewsNeedVal) {
  Setting s(kViews, {"data.val_fraction=0"});
  EXPECT_THAT(left_out(s.assembly),
              testing::ElementsAre(testing::MatchesRegex(
                  "org.kith.view_retrieval: needs images that were not trained on, and the data "
                  "set in '.*' has no val split: this evaluation is left out")));
  EXPECT_TRUE(s.evaluator.at_end(*s.job).empty());
}

}  // namespace
}  // namespace kith::host::test
