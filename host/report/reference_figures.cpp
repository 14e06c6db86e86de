#include "host/report/reference_figures.h"

#include <cmath>

#include "host/basics/number_text.h"

namespace ffwd {
namespace {

std::optional<double> accuracy(Prediction prediction, std::optional<double> per_batch,
                               std::optional<double> goodness, std::optional<double> head) {
  if (prediction == Prediction::per_batch) return per_batch;
  return goodness ? goodness : head;
}

std::string value_text(bool is_accuracy, std::optional<double> value) {
  return is_accuracy ? percent_text(value) : fixed_text(value.value_or(NAN), 5);
}

}  // namespace

std::optional<LayerMetrics> last_metrics(const std::vector<EpochMetrics>& metrics, size_t layer) {
  for (auto m = metrics.rbegin(); m != metrics.rend(); ++m) {
    if (layer < m->layers.size() && m->layers[layer]) return m->layers[layer];
  }
  return std::nullopt;
}

std::optional<double> train_accuracy(const Recipe::Reference& reference, const Summary& s) {
  return accuracy(reference.prediction, s.train_accuracy_per_batch, s.train_accuracy_goodness,
                  s.train_accuracy_head);
}

std::optional<double> test_accuracy(const Recipe::Reference& reference, const Summary& s) {
  return accuracy(reference.prediction, s.test_accuracy_per_batch, s.test_accuracy_goodness,
                  s.test_accuracy_head);
}

std::vector<ReferenceFigure> reference_figures(const Recipe::Reference& reference,
                                               const Summary& summary,
                                               const std::vector<EpochMetrics>& metrics) {
  std::vector<ReferenceFigure> figures;
  // Another figure than what the run is known by: the name says so.
  const std::string how = reference.prediction == Prediction::per_batch ? ", per batch" : "";
  if (reference.train_accuracy) {
    figures.push_back({"training accuracy" + how, true, *reference.train_accuracy / 100.0,
                       train_accuracy(reference, summary)});
  }
  if (reference.test_accuracy) {
    figures.push_back({"test accuracy" + how, true, *reference.test_accuracy / 100.0,
                       test_accuracy(reference, summary)});
  }
  for (size_t l = 0; l < reference.losses.size(); ++l) {
    const bool one_for_all = !metrics.empty() && metrics.back().layers.empty();  // backprop
    const auto last = last_metrics(metrics, l);
    figures.push_back({one_for_all ? "loss" : "loss of layer " + std::to_string(l), false,
                       double(reference.losses[l]),
                       one_for_all ? metrics.back().head_loss
                       : last      ? std::optional<double>(last->loss)
                                   : std::nullopt});
  }
  return figures;
}

std::string difference_text(const ReferenceFigure& figure) {
  const double apart = figure.measured.value_or(NAN) - figure.stated;
  const double percent = figure.is_accuracy ? 100 * apart : 100 * apart / figure.stated;
  if (!std::isfinite(percent)) return fixed_text(percent, 2);
  return (percent > 0 ? "+" : "") + fixed_text(percent, 2) +
         (figure.is_accuracy ? " points" : " %");
}

TextTable reference_table(const std::vector<ReferenceFigure>& figures) {
  TextTable table{{"", "stated", "measured", "difference"}, {}};
  for (const ReferenceFigure& figure : figures) {
    table.rows.push_back({figure.name, value_text(figure.is_accuracy, figure.stated),
                          value_text(figure.is_accuracy, figure.measured),
                          difference_text(figure)});
  }
  return table;
}

}  // namespace ffwd
