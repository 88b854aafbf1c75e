// SPDX-License-Identifier: Apache-2.0
#include "eval/result_table.h"

#include <gmock/gmock.h>

namespace kith::host {
namespace {

std::vector<Result> results() {
  std::vector<Result> all;
  double value = 0.5;
  for (const char* row : {"pixels", "untrained", "trained"})
    for (const bool centred : {false, true})
      for (const char* metric : {"top1", "top1_10_labels"})
        all.push_back({"knn", "test", row, centred, metric, value += 0.01, "fraction"});
  return all;
}

TEST(ResultTableTest, HasALineForEachRowAndAColumnForEachMetric) {
  EXPECT_EQ(result_table(results()),
            "knn on test\n"
            "                                                    top1   top1, 10 labels a class\n"
            "  raw pixels                                      51.0 %                    52.0 %\n"
            "  raw pixels, centred                             53.0 %                    54.0 %\n"
            "  untrained encoder                               55.0 %                    56.0 %\n"
            "  untrained encoder, centred                      57.0 %                    58.0 %\n"
            "  trained encoder                                 59.0 %                    60.0 %\n"
            "  trained encoder, centred                        61.0 %                    62.0 %\n");
}

TEST(ResultTableTest, ANumberThatIsMissingLeavesItsPlaceEmpty) {
  auto some = results();
  some.erase(some.begin() + 4);  // untrained, top1
  some.push_back({"knn", "test", "trained", false, "distance", 1234.5678, "1"});
  const auto text = result_table(some);
  const auto line =
      text.substr(text.find("  untrained encoder "),
                  text.find("  untrained encoder, centred") - text.find("  untrained encoder "));
  EXPECT_EQ(line.find("56.0 %"), 30U + 26 + 26 - 6) << "at the end of the second column";
  EXPECT_THAT(text, testing::HasSubstr("1235"));
}

TEST(ResultTableTest, RowsThatWereNotCentredHaveNoLineForIt) {
  std::vector<Result> plain;
  for (const char* row : {"untrained", "trained"})
    plain.push_back({"linear", "test", row, false, "top1", 0.5, "fraction"});
  EXPECT_EQ(result_table(plain),
            "linear on test\n"
            "                                                    top1\n"
            "  untrained encoder                               50.0 %\n"
            "  trained encoder                                 50.0 %\n");
}

TEST(ResultTableTest, EvaluationsHaveTablesOfTheirOwn) {
  auto both = results();
  both.push_back({"probe", "test", "trained", false, "width", 4, "1"});
  const auto text = result_table(both);
  EXPECT_THAT(text, testing::HasSubstr("knn on test\n"));
  EXPECT_THAT(text, testing::HasSubstr("probe on test\n"));
  EXPECT_EQ(result_table({}), "");
}

TEST(ResultTableTest, PathsTellRowsApart) {
  const auto all = results();
  EXPECT_EQ(all[0].path(), "knn/test/pixels/plain/top1");
  EXPECT_EQ(all.back().path(), "knn/test/trained/centred/top1_10_labels");
}

TEST(ResultSentenceTest, HoldsTheTrainedEncoderAgainstPixelsAndItselfUntrained) {
  EXPECT_EQ(result_sentence(results()),
            "On images that it never saw (test), the trained encoder reaches 60.0 % (knn, top1, "
            "10 labels a class): 8.0 points above raw pixels and 4.0 points above the same encoder "
            "untrained.");
}

TEST(ResultSentenceTest, IsOfTheFirstEvaluationThatHasEachRow) {
  std::vector<Result> all = {{"probe", "test", "trained", false, "top1", 0.99, "fraction"}};
  for (const auto& r : results()) all.push_back(r);
  for (auto r : results()) {
    r.evaluation = "knn_2";
    r.value += 0.1;
    all.push_back(r);
  }
  EXPECT_EQ(result_sentence(all), result_sentence(results()));
}

TEST(ResultSentenceTest, IsEmptyForWhatIsNotAFraction) {
  auto some = results();
  some.back().unit = "1";
  EXPECT_EQ(result_sentence(some), "");
}

TEST(ResultSentenceTest, IsEmptyWhereARowIsMissing) {
  auto some = results();
  some.erase(some.begin(), some.begin() + 4);
  EXPECT_EQ(result_sentence(some), "");
  EXPECT_EQ(result_sentence({}), "");
}

}  // namespace
}  // namespace kith::host
