#include "host/report/report.h"

#include "host/basics/number_text.h"
#include "host/report/confusion_table.h"
#include "host/report/html_text.h"
#include "host/report/reference_figures.h"
#include "host/report/report_page.h"
#include "host/report/run_charts.h"

namespace ffwd {
namespace {

std::string heading(const Summary& s) {
  std::string html = "<h1>" + html_escape(s.title.empty() ? s.recipe : s.title) + "</h1>\n";
  html += "<p class=\"soft\">" + html_escape(s.dataset) + " on " + html_escape(s.device) + "</p>\n";
  if (s.interrupted) {
    html +=
        "<p class=\"warn\">This run was interrupted; the figures are those reached by then.</p>\n";
  }
  return html;
}

std::string card(const std::string& label, const std::string& value, const std::string& note) {
  return "<div class=\"card\"><div class=\"soft\">" + label + "</div><div class=\"value\">" +
         value + "</div><div class=\"soft\">" + note + "</div></div>\n";
}

std::string accuracy_card(const std::string& label, const std::optional<double>& accuracy) {
  if (!accuracy) return card(label, "\u2013", "not measured");
  return card(label, percent_text(accuracy), "error " + percent_text(1 - *accuracy));
}

std::string headline(const Summary& s) {
  return "<div class=\"grid figures\">\n" +
         accuracy_card("Test accuracy, head", s.test_accuracy_head) +
         accuracy_card("Test accuracy, goodness", s.test_accuracy_goodness) +
         card("Training time", duration_text(s.train_seconds),
              count_text(s.epochs) + (s.epochs == 1 ? " epoch" : " epochs")) +
         card("Throughput", count_text(s.images_per_second), "training images/s") + "</div>\n";
}

std::string facts(const Summary& s) {
  const std::pair<const char*, std::string> rows[] = {
      {"Device", s.device},
      {"Precision", s.precision + (s.measured_algorithms ? ", measured matmul algorithms" : "")},
      {"Data set", s.dataset},
      {"Recipe", s.recipe},
      {"Seed", std::to_string(s.seed)},
      {"Parameters", count_text(static_cast<double>(s.parameters))},
      {"Steps", count_text(static_cast<double>(s.steps))},
      {"CPU threads", std::to_string(s.threads)},
      {"Total time", duration_text(s.total_seconds)},
      {"Training accuracy, head", percent_text(s.train_accuracy_head)},
      {"Training accuracy, goodness", percent_text(s.train_accuracy_goodness)},
      {"Version", s.version},
      {"Commit", s.commit}};
  std::string html = "<div class=\"card\"><dl class=\"facts\">\n";
  for (const auto& [label, value] : rows) {
    html += std::string("<div><dt>") + label + "</dt><dd>" +
            html_escape(value.empty() ? "\u2013" : value) + "</dd></div>\n";
  }
  return html + "</dl></div>\n";
}

std::string beside_the_source(const Recipe::Reference& reference, const Summary& summary,
                              const std::vector<EpochMetrics>& metrics) {
  const auto figures = reference_figures(reference, summary, metrics);
  if (figures.empty()) return "";
  return "<h2>Beside the source</h2>\n<div class=\"card\"><p class=\"soft\">" +
         html_escape(reference.source) + "</p>\n" + to_html(reference_table(figures)) + "</div>\n";
}

std::string sample_images(const std::vector<SampleImage>& samples) {
  if (samples.empty()) return "";
  std::string html = "<h2>Samples</h2>\n<div class=\"card samples\">\n";
  for (const SampleImage& sample : samples) {
    const std::string caption = html_escape(sample.caption);
    html += "<figure><img alt=\"" + caption + "\" src=\"" + png_data_uri(sample.png) +
            "\"/><figcaption>" + caption + "</figcaption></figure>\n";
  }
  return html + "</div>\n";
}

}  // namespace

std::string render_report(const Summary& summary, const std::vector<EpochMetrics>& metrics,
                          const std::string& recipe_text, const std::vector<SampleImage>& samples,
                          const Recipe::Reference& reference) {
  return report_page(summary.title.empty() ? summary.recipe : summary.title,
                     heading(summary) + headline(summary) + facts(summary) +
                         beside_the_source(reference, summary, metrics) + "<h2>Learning</h2>\n" +
                         run_charts(metrics) +
                         confusion_table(summary.confusion, summary.class_names,
                                         summary.test_accuracy_head ? "the head" : "goodness") +
                         sample_images(samples) + "<h2>Recipe</h2>\n<div class=\"card\"><pre>" +
                         html_escape(recipe_text) + "</pre></div>\n");
}

}  // namespace ffwd
