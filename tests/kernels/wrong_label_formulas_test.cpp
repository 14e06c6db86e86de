// The formulas that draw a wrong label from a number in [0, 1): never the true label, each other
// one with its share, whatever the logits.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "kernels/wrong_labels.h"
#include "tests/kernels/matrix.h"

namespace ffwd::test {
namespace {

constexpr float kNearOne = 1.0f - 0x1p-24f;
constexpr float kInf = std::numeric_limits<float>::infinity();

void expect_wrong(int32_t got, int32_t label, int32_t classes) {
  EXPECT_NE(got, label);
  EXPECT_GE(got, 0);
  EXPECT_LT(got, classes);
}

TEST(WrongLabelFormula, UniformNeverGivesTheTrueLabel) {
  for (const int32_t classes : {2, 3, 10, 100, 1000}) {
    for (int32_t label = 0; label < classes; ++label) {
      for (const float u : {0.0f, 0x1p-24f, 0.5f, kNearOne}) {
        expect_wrong(uniform_wrong_label(label, classes, u), label, classes);
      }
      EXPECT_EQ(uniform_wrong_label(label, classes, 0.0f), label == 0 ? 1 : 0);
      EXPECT_EQ(uniform_wrong_label(label, classes, kNearOne),
                label == classes - 1 ? classes - 2 : classes - 1);
    }
  }
}

// Equal steps of u, through every interval's inside: each wrong label once.
TEST(WrongLabelFormula, UniformCoversEveryWrongLabelEqually) {
  for (int32_t label = 0; label < 10; ++label) {
    std::multiset<int32_t> seen;
    for (int step = 0; step < 9; ++step) {
      seen.insert(uniform_wrong_label(label, 10, (float(step) + 0.5f) / 9));
    }
    for (int32_t k = 0; k < 10; ++k) EXPECT_EQ(seen.count(k), k == label ? 0u : 1u);
  }
}

TEST(WrongLabelFormula, LikelyNeverGivesTheTrueLabel) {
  const std::vector<std::vector<float>> rows = {{0, 0, 0, 0},
                                                {1e30f, 0, -1e30f, 5},
                                                {-kInf, -kInf, -kInf, -kInf},
                                                {-kInf, 3, -kInf, 1},
                                                {kInf, 0, 0, 0},
                                                {NAN, 1, 2, 3},
                                                {NAN, NAN, NAN, NAN},
                                                {-1e38f, -1e38f, 1e38f, 0},
                                                {100, -100, 100, -100},
                                                {0, -kInf, -kInf, 90},
                                                {1e-30f, -1e-30f, 0, 1e-20f}};
  for (const std::vector<float>& logits : rows) {
    for (int32_t label = 0; label < 4; ++label) {
      for (const float u : {0.0f, 0x1p-24f, 0.25f, 0.5f, 0.75f, kNearOne}) {
        expect_wrong(likely_wrong_label(logits.data(), label, 4, u), label, 4);
      }
    }
  }
}

TEST(WrongLabelFormula, HandWorkedDraws) {
  // Odds 1 : 2 : 1 for labels 0, 2, 3 when 1 is true, whatever its logit.
  const float two = std::log(2.0f);
  for (const float of_true : {-5.0f, 0.0f, 1e30f, kInf}) {
    const float logits[] = {0.0f, of_true, two, 0.0f};
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, 0.0f), 0);
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, 0.249f), 0);
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, 0.251f), 2);
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, 0.749f), 2);
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, 0.751f), 3);
    EXPECT_EQ(likely_wrong_label(logits, 1, 4, kNearOne), 3);
  }
  // An impossible label is not drawn at either end.
  const float at_ends[] = {-kInf, 0.0f, 0.0f, -kInf};
  EXPECT_EQ(likely_wrong_label(at_ends, 1, 4, 0.0f), 2);
  EXPECT_EQ(likely_wrong_label(at_ends, 1, 4, kNearOne), 2);
}

// Near 1, the rounding of total and differences may leave a rest after the last possible label.
TEST(WrongLabelFormula, RoundingNeverReachesAnImpossibleLabel) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    std::vector<float> logits = random_vector(20, seed, -4.0, 4.0);
    logits[18] = logits[19] = -kInf;
    EXPECT_LT(likely_wrong_label(logits.data(), 3, 20, kNearOne), 18) << seed;
  }
}

}  // namespace
}  // namespace ffwd::test
