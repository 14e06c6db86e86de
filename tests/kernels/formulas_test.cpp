// The scalar formulas of activation, goodness, loss and norm: hand-worked values, slopes against
// central finite differences of the equations written again in double, and extremes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/activation.h"
#include "kernels/goodness.h"
#include "kernels/loss.h"
#include "kernels/norm.h"
#include "tests/close.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr float kNanF = std::numeric_limits<float>::quiet_NaN();
constexpr double kStep = 1e-6;  // of a central difference in double: its error is below 1e-8 here

template <typename Function>
double slope_of(const Function& f, double x) {
  return (f(x + kStep) - f(x - kStep)) / (2 * kStep);
}

TEST(Activation, HandWorkedValues) {
  EXPECT_EQ(activation_value(Activation::relu, 2.5f), 2.5f);
  EXPECT_EQ(activation_value(Activation::relu, -2.5f), 0.0f);
  EXPECT_EQ(activation_value(Activation::leaky_relu, 2.5f), 2.5f);
  EXPECT_EQ(activation_value(Activation::leaky_relu, -100.0f), -1.0f);
  EXPECT_EQ(activation_slope(Activation::relu, 0.0f), 0.0f);
}

TEST(Activation, AgreesWithTheEquation) {
  for (const auto& f : kActivations) {
    for (const double a : {-30.0, -1.0, -1e-3, 1e-3, 1.0, 30.0}) {
      const float y = activation_value(f.value, float(a));
      EXPECT_NEAR(y, activation(f.value, a), 2 * kUnit * std::fabs(a));
      const double slope = slope_of([&](double x) { return activation(f.value, x); }, a);
      EXPECT_NEAR(activation_slope(f.value, y), slope, 1e-8);
    }
    EXPECT_EQ(activation_value(f.value, 0.0f), 0.0f);
    EXPECT_TRUE(std::isnan(activation_value(f.value, kNanF)));
  }
}

TEST(Goodness, HandWorkedValues) {
  EXPECT_EQ(goodness_term(Goodness::sum_squares, -3.0f), 9.0f);
  EXPECT_EQ(goodness_term(Goodness::mean_abs, -3.0f), 3.0f);
  EXPECT_EQ(goodness_slope(Goodness::mean_squares, -3.0f), -6.0f);
  EXPECT_EQ(goodness_slope(Goodness::sum_abs, -3.0f), -1.0f);
  EXPECT_EQ(goodness_slope(Goodness::sum_abs, 0.0f), 0.0f);
  EXPECT_EQ(goodness_scale(Goodness::sum_squares, 4), 1.0f);
  EXPECT_EQ(goodness_scale(Goodness::sum_abs, 4), 1.0f);
  EXPECT_EQ(goodness_scale(Goodness::mean_squares, 4), 0.25f);
  EXPECT_EQ(goodness_scale(Goodness::mean_abs, 4), 0.25f);
}

TEST(Goodness, AgreesWithTheEquation) {
  for (const auto& g : kGoodnesses) {
    SCOPED_TRACE(g.name);
    for (const double y : {-7.0, -1.0, -0.01, 0.01, 1.0, 7.0}) {
      const float stored = float(y);
      const auto of_one = [&](double value) { return goodness(g.value, {value}); };
      const double term = of_one(stored), slope = slope_of(of_one, stored);
      EXPECT_NEAR(goodness_term(g.value, stored), term, kUnit * term);  // one rounding
      EXPECT_NEAR(goodness_slope(g.value, stored), slope, 1e-8 * (1 + std::fabs(slope)));
    }
    EXPECT_TRUE(std::isnan(goodness_term(g.value, kNanF)));
  }
}

TEST(Loss, HandWorkedValues) {
  const LossAndSlope at_threshold = softplus_loss(5.0f, 1.0f, 5.0f, 2.0f);
  EXPECT_FLOAT_EQ(at_threshold.loss, std::log(2.0f));
  EXPECT_EQ(at_threshold.slope, -0.25f);
  EXPECT_EQ(softplus_loss(5.0f, -1.0f, 5.0f, 1.0f).slope, 0.5f);
}

// m carries three roundings (difference, quotient, exp's argument), and the loss and the logarithm
// of the slope change at most as fast as m: |m| 3 u absolute; 8 u more for exp, log1p and the
// quotients.
TEST(Loss, AgreesWithTheEquation) {
  for (const double sign : {1.0, -1.0}) {
    for (const double temperature : {0.5, 1.0, 20.0}) {
      for (const double goodness : {0.0, 1.0, 1.99, 2.0, 2.01, 3.0, 12.0, 40.0}) {
        const auto loss = [&](double g) { return row_loss(g, sign, 2.0, temperature); };
        const LossAndSlope got =
            softplus_loss(float(goodness), float(sign), 2.0f, float(temperature));
        const double error_of_m = 3 * kUnit * std::fabs(goodness - 2.0) / temperature + 8 * kUnit;
        const double want = loss(float(goodness));
        EXPECT_NEAR(got.loss, want, error_of_m * 2 * (1 + want));
        const double slope = slope_of(loss, float(goodness));
        EXPECT_NEAR(got.slope, slope, error_of_m * 2 * std::fabs(slope) + 1e-8);
      }
    }
  }
}

TEST(Loss, ExtremesStayFinite) {
  const float huge = 1e30f;
  EXPECT_EQ(softplus_loss(huge, 1.0f, 1.0f, 1.0f).loss, 0.0f);
  EXPECT_EQ(softplus_loss(huge, 1.0f, 1.0f, 1.0f).slope, 0.0f);
  EXPECT_EQ(softplus_loss(huge, -1.0f, 1.0f, 1.0f).loss, huge);
  EXPECT_EQ(softplus_loss(huge, -1.0f, 1.0f, 1.0f).slope, 1.0f);
  EXPECT_EQ(softplus_loss(0.0f, 1.0f, huge, 1.0f).loss, huge);
  EXPECT_EQ(softplus_loss(0.0f, 1.0f, huge, 1.0f).slope, -1.0f);
  EXPECT_TRUE(std::isnan(softplus_loss(kNanF, 1.0f, 1.0f, 1.0f).loss));
  EXPECT_TRUE(std::isnan(softplus_loss(kNanF, -1.0f, 1.0f, 1.0f).slope));
}

TEST(NormScale, HandWorkedValues) {
  EXPECT_EQ(norm_scale({NormKind::none, 3.0f}, 25.0f, 4), 1.0f);
  EXPECT_EQ(norm_scale({NormKind::l2, 0.0f}, 25.0f, 4), 1.0f / 5);
  EXPECT_EQ(norm_scale({NormKind::rms, 0.0f}, 100.0f, 4), 1.0f / 5);
  EXPECT_EQ(norm_scale({NormKind::l2, 3.0f}, 25.0f, 4), 1.0f / 8);
  EXPECT_EQ(norm_scale({NormKind::rms, 3.0f}, 100.0f, 4), 1.0f / 8);
  EXPECT_TRUE(std::isnan(norm_scale({NormKind::rms, 1e-8f}, kNanF, 4)));
}

}  // namespace
}  // namespace ffwd::test
