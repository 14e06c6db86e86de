// Charts: round numbers on the axes, no spike lost, and no number that breaks the drawing.
#include "host/report/svg_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/report/chart_axis.h"
#include "tests/html_check.h"

namespace ffwd::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(SvgChart, KeepsEverySpikeOfALongCurve) {
  Chart chart;
  chart.first_x = 1;
  chart.last_x = 4000;
  Curve curve{"loss", "c0", {}};
  for (int e = 1; e <= 4000; ++e) curve.points.push_back({double(e), e == 1234 ? 50.0 : 1.0});
  chart.curves = {curve};
  const std::string svg = svg_chart(chart);
  EXPECT_LT(svg.size(), 12000u);
  EXPECT_GT(occurrences(svg, " 36.0 "), 0u);  // the spike, at the top of the field
}

TEST(SvgChart, SurvivesAnyNumbers) {
  for (const double low : {-1e300, -5.0, 0.0, 1e-320, 1.0, 1e15, 9e18, -kInfinity}) {
    for (const double high : {0.0, 1.0 + 1e-15, 1e99, 1e300, kInfinity}) {
      for (const bool wide : {false, true}) {
        Chart chart;
        chart.log_if_wide = wide;
        chart.first_x = std::isfinite(low) ? std::fabs(low) / 1e200 : 0;
        chart.last_x = chart.first_x + 1;
        chart.curves = {{"", "c0", {{chart.first_x, low}, {chart.last_x, high}}}};
        const std::string svg = svg_chart(chart);
        EXPECT_EQ(html_fault("<html>" + svg + "</html>"), "");
        EXPECT_LT(svg.size(), 20000u);
        EXPECT_EQ(occurrences(svg, "nan"), 0u);
        EXPECT_EQ(occurrences(svg, "d=\"M\u2013"), 0u) << low << " " << high;
      }
    }
  }
}

TEST(SvgChart, SurvivesAnyEpochs) {
  Chart chart;
  chart.first_x = 9e18;
  chart.last_x = 9.2e18;
  chart.curves = {{"", "c0", {{9e18, 1}, {9.2e18, 2}}}};
  EXPECT_LT(svg_chart(chart).size(), 5000u);
}

std::vector<std::string> texts(const ChartAxis& axis) {
  std::vector<std::string> all;
  for (const Tick& tick : axis.ticks()) all.push_back(tick.text);
  return all;
}

TEST(ChartAxis, ChoosesRoundNumbers) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts(ChartAxis::linear(0.02, 0.98, true)),
            (Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(texts(ChartAxis::linear(0, 28000, true)), (Texts{"0", "10k", "20k", "30k"}));
  EXPECT_EQ(texts(ChartAxis::linear(-3, 3, true)), (Texts{"-4", "-2", "0", "2", "4"}));
  EXPECT_EQ(texts(ChartAxis::whole(1, 3)), (Texts{"1", "2", "3"}));
  EXPECT_EQ(texts(ChartAxis::whole(1, 1)), (Texts{"1"}));
  EXPECT_EQ(texts(ChartAxis::logarithmic(0.05, 200)), (Texts{"0.1", "1", "10", "100"}));
  EXPECT_EQ(ChartAxis::linear(0, 10, true).position(5), 0.5);
  EXPECT_NEAR(ChartAxis::logarithmic(1, 100).position(10), 0.5, 1e-12);
}

}  // namespace
}  // namespace ffwd::test
