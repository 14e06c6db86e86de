// What a source states beside what a run measured: which figures are compared, how far apart they
// are, and the tables they stand in.
#include "host/report/reference_figures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "host/report/report.h"
#include "kernels/check.h"
#include "tests/html_check.h"

namespace ffwd::test {
namespace {

Recipe::Reference some_reference() {
  Recipe::Reference reference;
  reference.source = "a <source>";
  reference.train_accuracy = 93.5f;
  reference.test_accuracy = 94.0f;
  reference.losses = {0.5f, 0.25f};
  return reference;
}

Summary some_summary() {
  Summary s;
  s.train_accuracy_goodness = 0.94;
  s.test_accuracy_goodness = 0.93;
  s.test_accuracy_head = 0.92;
  s.train_accuracy_per_batch = 0.10;
  s.test_accuracy_per_batch = 0.11;
  return s;
}

// Layer 0 learns in the first two epochs, layer 1 in the last.
std::vector<EpochMetrics> some_metrics() {
  std::vector<EpochMetrics> metrics(3);
  metrics[0].layers = {LayerMetrics{0.7, 1, 2}, std::nullopt};
  metrics[1].layers = {LayerMetrics{0.6, 1, 2}, std::nullopt};
  metrics[2].layers = {std::nullopt, LayerMetrics{0.2, 1, 2}};
  return metrics;
}

TEST(ReferenceFigures, StandBesideTheLastOnesMeasured) {
  const auto figures = reference_figures(some_reference(), some_summary(), some_metrics());
  const TextTable table = reference_table(figures);
  const std::vector<std::vector<std::string>> want = {
      {"training accuracy", "93.50 %", "94.00 %", "+0.50 points"},
      {"test accuracy", "94.00 %", "93.00 %", "-1.00 points"},
      {"loss of layer 0", "0.50000", "0.60000", "+20.00 %"},
      {"loss of layer 1", "0.25000", "0.20000", "-20.00 %"}};
  EXPECT_EQ(table.rows, want);
}

TEST(ReferenceFigures, AreOfTheWayInWhichTheSourcePredicts) {
  Recipe::Reference reference = some_reference();
  EXPECT_EQ(test_accuracy(reference, some_summary()), 0.93);
  reference.prediction = Prediction::per_batch;
  EXPECT_EQ(train_accuracy(reference, some_summary()), 0.10);
  EXPECT_EQ(test_accuracy(reference, some_summary()), 0.11);
  const auto figures = reference_figures(reference, some_summary(), some_metrics());
  EXPECT_EQ(figures[0].name, "training accuracy, per batch");
  EXPECT_EQ(figures[1].name, "test accuracy, per batch");
  Summary by_head;
  by_head.test_accuracy_head = 0.92;
  EXPECT_EQ(test_accuracy(some_reference(), by_head), 0.92);
  EXPECT_EQ(test_accuracy(reference, by_head), std::nullopt);
}

TEST(ReferenceFigures, NothingStatedNothingCompared) {
  EXPECT_TRUE(reference_figures({}, some_summary(), some_metrics()).empty());
}

TEST(ReferenceFigures, WhatWasNotMeasuredIsADash) {
  const auto figures = reference_figures(some_reference(), {}, {});
  ASSERT_EQ(figures.size(), 4u);
  for (const ReferenceFigure& figure : figures) {
    EXPECT_FALSE(figure.measured) << figure.name;
    EXPECT_EQ(difference_text(figure), "\u2013");
  }
  EXPECT_EQ(reference_table(figures).rows[2][2], "\u2013");
}

TEST(ReferenceFigures, ALossThatIsNoNumberIsADash) {
  auto metrics = some_metrics();
  metrics[1].layers[0]->loss = NAN;
  const auto figures = reference_figures(some_reference(), some_summary(), metrics);
  EXPECT_EQ(reference_table(figures).rows[2][2], "\u2013");
  EXPECT_EQ(difference_text(figures[2]), "\u2013");
}

TEST(ReferenceFigures, NothingIsSoManyPercentFromZero) {
  EXPECT_EQ(difference_text({"loss", false, 0.0, 0.5}), "\u2013");
  EXPECT_EQ(difference_text({"loss", false, 0.5, 0.6}), "+20.00 %");
}

TEST(ReferenceFigures, StandInTheReport) {
  Summary summary = some_summary();
  summary.title = "run";
  const std::string html = render_report(summary, some_metrics(), "", {}, some_reference());
  EXPECT_EQ(html_fault(html), "");
  for (const char* part : {"Beside the source", "a &lt;source&gt;", "-1.00 points", "+20.00 %"}) {
    EXPECT_EQ(occurrences(html, part), 1u) << part;
  }
  EXPECT_EQ(occurrences(render_report(summary, some_metrics(), "", {}), "Beside the source"), 0u);
}

TEST(TextTable, AsMarkdownAndAsHtml) {
  const TextTable table{{"a", "b|c"}, {{"1 < 2", "x|y"}, {"", "&"}}};
  EXPECT_EQ(to_markdown(table), "| a | b\\|c |\n| --- | --- |\n| 1 < 2 | x\\|y |\n|  | & |\n");
  const std::string html = to_html(table);
  EXPECT_EQ(html_fault("<html>" + html + "</html>"), "");
  EXPECT_EQ(occurrences(html, "<td>1 &lt; 2</td><td>x|y</td>"), 1u);
  EXPECT_EQ(occurrences(html, "<tr>"), 3u);
}

TEST(TextTable, RefusesRaggedRows) {
  const TextTable table{{"a", "b"}, {{"1"}}};
  EXPECT_THROW(to_markdown(table), Error);
  EXPECT_THROW(to_html(table), Error);
}

}  // namespace
}  // namespace ffwd::test
