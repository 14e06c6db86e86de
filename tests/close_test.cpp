// The comparer rejects what a comparer may wrongly accept, and names the worst element.
#include "tests/close.h"

#include <gtest/gtest-spi.h>

#include <limits>
#include <vector>

namespace ffwd::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Tolerance kLoose{0.1, 0.1};
using Values = std::vector<double>;

bool accepts(const Values& got, const Values& want, Tolerance tolerance = kLoose) {
  return difference(got, want, tolerance).empty();
}

TEST(Close, AcceptsWhatIsWithinTheTolerance) {
  EXPECT_TRUE(accepts({1.0, -2.0, 0.0}, {1.0, -2.0, 0.0}, {}));
  EXPECT_TRUE(accepts({1.19, -2.29, 0.09}, {1.0, -2.0, 0.0}));
  EXPECT_TRUE(accepts({}, {}));
}

TEST(Close, JudgesEveryElementByItself) {
  EXPECT_FALSE(accepts({1.21, -2.0, 0.0}, {1.0, -2.0, 0.0}));
  EXPECT_FALSE(accepts({1.0, -2.31, 0.0}, {1.0, -2.0, 0.0}));
  EXPECT_FALSE(accepts({1.0, -2.0, 0.11}, {1.0, -2.0, 0.0}));
}

TEST(Close, RejectsNanWhereverItIs) {
  for (std::size_t i = 0; i < 3; ++i) {
    Values with_nan = {1.0, 1.0, 1.0};
    with_nan[i] = kNan;
    EXPECT_FALSE(accepts(with_nan, {1.0, 1.0, 1.0})) << i;
    EXPECT_FALSE(accepts({1.0, 1.0, 1.0}, with_nan)) << i;
    EXPECT_FALSE(accepts(with_nan, with_nan)) << i;
  }
  EXPECT_FALSE(accepts({1.0}, {1.0}, {kNan, 0.0}));
}

TEST(Close, RejectsInfinityEvenOnBothSides) {
  EXPECT_FALSE(accepts({kInfinity}, {1.0}));
  EXPECT_FALSE(accepts({1.0}, {kInfinity}));
  EXPECT_FALSE(accepts({kInfinity}, {kInfinity}));
  EXPECT_FALSE(accepts({-kInfinity}, {kInfinity}));
  EXPECT_FALSE(accepts({1.0}, {2.0}, {kInfinity, 0.0}));
}

TEST(Close, RejectsOneBadValueInAMillion) {
  const Values want(1000000, 1.0);
  Values got = want;
  got[654321] = 1.3;
  EXPECT_FALSE(accepts(got, want));
}

TEST(Close, RejectsWrongNegativePairs) {
  EXPECT_FALSE(accepts({-5.0}, {-1.0}));
  EXPECT_FALSE(accepts({-1.0}, {-5.0}));
  EXPECT_FALSE(accepts({1.0}, {-1.0}));
}

TEST(Close, RejectsZerosThatProveNothing) {
  EXPECT_FALSE(accepts({0.0, 0.0}, {0.0, -0.0}));
}

TEST(Close, RejectsOtherSizes) {
  EXPECT_FALSE(accepts({1.0}, {1.0, 1.0}));
  EXPECT_FALSE(accepts({1.0, 1.0}, {1.0}));
  EXPECT_FALSE(accepts({}, {1.0}));
}

TEST(Close, NamesTheWorstElementAndNanBeforeAll) {
  const std::string wrong = difference(Values{1.0, 3.0, 9.0, 2.0}, Values(4, 1.0), kLoose);
  EXPECT_NE(wrong.find("3 of 4"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("[2]"), std::string::npos) << wrong;
  const std::string nan = difference(Values{1.0, kNan, 9.0}, Values(3, 1.0), kLoose);
  EXPECT_NE(nan.find("[1]"), std::string::npos) << nan;
}

TEST(Close, FailuresReachTheTest) {
  EXPECT_NONFATAL_FAILURE(expect_close(Values{kNan}, Values{1.0}, kLoose, "the sum"), "the sum");
  EXPECT_FATAL_FAILURE(expect_equal(Values{0.0, 1.0}, Values{0.0, 2.0}, "the sum"), "the sum[1]");
  EXPECT_FATAL_FAILURE(expect_equal(Values{kNan}, Values{kNan}, "the sum"), "the sum[0]");
}

}  // namespace
}  // namespace ffwd::test
