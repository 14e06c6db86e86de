// The report: a well-formed page that needs nothing from elsewhere, shows its figures, trusts no
// text and stays small.
#include "host/report/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/check.h"
#include "tests/html_check.h"

namespace ffwd::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Summary some_summary() {
  Summary s;
  s.title = "Three layers at once";
  s.recipe = "mnist_quick";
  s.dataset = "mnist";
  s.device = "cuda:0 NVIDIA H200";
  s.precision = "bf16";
  s.seed = 4711;
  s.commit = "94ab607";
  s.version = "0.1.0";
  s.epochs = 20;
  s.steps = 12000;
  s.train_seconds = 41.37;
  s.images_per_second = 29006.7;
  s.parameters = 908510;
  s.test_accuracy_head = 0.9862;
  s.test_accuracy_goodness = 0.9859;
  s.confusion = {{980, 13}, {7, 1000}};
  s.class_names = {"zero", "one"};
  return s;
}

std::vector<EpochMetrics> some_metrics(int epochs, size_t layers) {
  std::vector<EpochMetrics> metrics(epochs);
  for (int e = 0; e < epochs; ++e) {
    EpochMetrics& m = metrics[e];
    m.epoch = e + 1;
    m.images_per_second = 29000 + 300 * std::sin(e);
    for (size_t k = 0; k < layers; ++k) {
      const double wave = std::sin(0.7 * e + static_cast<double>(k));
      m.layers.push_back(LayerMetrics{1 + 0.2 * wave, 700 + 40 * wave, 300 - 40 * wave});
    }
    m.head_loss = 0.3;
    m.test_accuracy_head = 0.98;
    m.test_accuracy_goodness = 0.97;
  }
  return metrics;
}

TEST(Report, TheCheckItselfFindsFaults) {
  EXPECT_EQ(html_fault("<html><p class=\"a\">x &amp; y<br/></p></html>"), "");
  EXPECT_NE(html_fault("<html><p></html>"), "");
  EXPECT_NE(html_fault("<html>a & b</html>"), "");
  EXPECT_NE(html_fault("<html><p a=b></p></html>"), "");
  EXPECT_NE(html_fault("<html>1 < 2</html>"), "");
}

TEST(Report, OfBackpropagationTellsOfOneLossAndNoGoodness) {
  const std::string html = render_report(some_summary(), some_metrics(3, 0), "", {});
  EXPECT_EQ(html_fault(html), "");
  expect_has(html, "Cross-entropy of the classes");
  EXPECT_EQ(occurrences(html, "Each layer's own goal"), 0u);
  EXPECT_EQ(occurrences(html, "<h3>Goodness</h3>"), 0u);
}

TEST(Report, ShowsItsFigures) {
  const std::string html = render_report(some_summary(), some_metrics(20, 3), "[data]\nx = 1\n",
                                         {{"true 7, read as 2", {'P', 'N', 'G'}}});
  EXPECT_EQ(html_fault(html), "");
  for (const char* part : {"<title>Three layers at once</title>",
                           "98.62 %",
                           "error 1.38 %",
                           "98.59 %",
                           "41.4 s",
                           "29,007",
                           "cuda:0 NVIDIA H200",
                           "bf16",
                           "94ab607",
                           "4711",
                           "908,510",
                           "layer 0",
                           "layer 2",
                           ">980<",
                           ">13<",
                           ">7<",
                           ">1000<",
                           "98.69 %",
                           "zero",
                           "data:image/png;base64,UE5H",
                           "true 7, read as 2",
                           "<pre>[data]\nx = 1\n</pre>",
                           "prefers-color-scheme: dark"}) {
    expect_has(html, part);
  }
  EXPECT_EQ(occurrences(html, "<svg class=\"chart\""), 4u);
  EXPECT_EQ(occurrences(html, "<path class=\"line c2 dashed\""), 1u);
}

TEST(Report, NeedsNothingFromElsewhere) {
  const std::string html = render_report(some_summary(), some_metrics(3, 2), "", {});
  for (const char* part : {"http:", "https:", "<script", "<link", "@import", "url("}) {
    EXPECT_EQ(occurrences(html, part), 0u) << part;
  }
}

TEST(Report, TrustsNoText) {
  const std::string evil = "\"'><script>alert(1)</script>&\x01\xff";
  Summary s = some_summary();
  s.title = s.recipe = s.dataset = s.device = s.precision = s.commit = s.version = evil;
  s.class_names = {evil, evil};
  const std::string html = render_report(s, some_metrics(2, 1), evil, {{evil, {}}});
  EXPECT_EQ(html_fault(html), "");
  EXPECT_EQ(occurrences(html, "<script"), 0u);
  expect_has(html, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;\uFFFD\uFFFD");
}

TEST(Report, SaysWhatIsMissing) {
  Summary s = some_summary();
  s.test_accuracy_head.reset();
  s.train_seconds = s.images_per_second = NAN;
  s.interrupted = true;
  s.confusion.clear();
  s.class_names.clear();
  std::vector<EpochMetrics> metrics = some_metrics(5, 2);
  for (EpochMetrics& m : metrics) m.test_accuracy_head = m.test_accuracy_goodness = std::nullopt;
  metrics[3].layers[0] = LayerMetrics{NAN, kInfinity, -kInfinity};
  metrics[4].layers[0].reset();
  const std::string html = render_report(s, metrics, "", {});
  EXPECT_EQ(html_fault(html), "");
  expect_has(html, "not measured");
  expect_has(html, "interrupted");
  expect_has(html, "no values in this run");
  EXPECT_EQ(occurrences(html, "Confusion matrix"), 0u);
  for (const char* part : {"nan", "inf"}) {
    EXPECT_EQ(occurrences(html, std::string(">") + part), 0u);
    EXPECT_EQ(occurrences(html, std::string(" ") + part + " "), 0u);
  }
}

TEST(Report, TakesRunsOfAnyLength) {
  for (int epochs : {0, 1, 2, 300}) {
    for (size_t layers : {0, 1, 12}) {
      const auto metrics = some_metrics(epochs, layers);
      EXPECT_EQ(html_fault(render_report(some_summary(), metrics, "", {})), "") << epochs;
    }
  }
}

TEST(Report, RefusesARaggedConfusionMatrix) {
  Summary s = some_summary();
  s.confusion[1].pop_back();
  EXPECT_THROW(render_report(s, {}, "", {}), Error);
  s.confusion.pop_back();
  EXPECT_THROW(render_report(s, {}, "", {}), Error);
}

TEST(Report, LongRunsStaySmall) {
  EXPECT_LT(render_report(some_summary(), some_metrics(4000, 8), "", {}).size(), 1'000'000u);
}

TEST(Report, GreedyStagesFollowOneAnother) {
  std::vector<EpochMetrics> metrics;
  for (int stage = 0; stage < 3; ++stage) {
    for (int e = 1; e <= 100; ++e) {
      EpochMetrics m = some_metrics(1, 3)[0];
      m.epoch = 100 * stage + e;
      m.stage = stage;
      for (int k = 0; k < 3; ++k) {
        if (k != stage) m.layers[k].reset();
      }
      metrics.push_back(m);
    }
  }
  const std::string html = render_report(some_summary(), metrics, "", {});
  EXPECT_EQ(html_fault(html), "");
  EXPECT_EQ(occurrences(html, "class=\"divider\""), 4u * 3u);
  expect_has(html, ">stage 3<");
  expect_has(html, ">300<");  // the last tick of x
}

}  // namespace
}  // namespace ffwd::test
