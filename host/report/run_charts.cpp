#include "host/report/run_charts.h"

#include <algorithm>

#include "host/basics/number_text.h"
#include "host/report/html_text.h"
#include "host/report/svg_chart.h"

namespace ffwd {
namespace {

constexpr size_t kColours = 7;  // c0 to c6 for layers, c7 for what is none
constexpr size_t kNamedStages = 12;

struct LegendEntry {
  std::string style, label, value;
};

class RunCharts {
 public:
  explicit RunCharts(const std::vector<EpochMetrics>& metrics) : metrics_(metrics) {
    for (const EpochMetrics& m : metrics) layers_ = std::max(layers_, m.layers.size());
    place_on_x();
  }

  std::string draw() const {
    return "<div class=\"grid charts\">\n" + loss() + (layers_ > 0 ? goodness() : "") + accuracy() +
           throughput() + "</div>\n";
  }

 private:
  // One place for each line of the metrics, and a divider where a new stage begins.
  void place_on_x() {
    for (size_t i = 0; i < metrics_.size(); ++i) {
      x_.push_back(static_cast<double>(metrics_[i].epoch));
      const bool new_stage = i > 0 && metrics_[i].stage != metrics_[i - 1].stage;
      if (new_stage) dividers_.push_back({x_[i] - 0.5, stage_name(metrics_[i].stage)});
    }
    if (!dividers_.empty()) {
      dividers_.insert(dividers_.begin(), {x_.front(), stage_name(metrics_.front().stage)});
    }
    if (dividers_.size() > kNamedStages) {
      for (Divider& divider : dividers_) divider.label.clear();
    }
  }

  static std::string stage_name(int64_t stage) { return "stage " + std::to_string(stage + 1); }

  static std::string layer_style(size_t layer) { return "c" + std::to_string(layer % kColours); }

  static std::string layer_name(size_t layer) { return "layer " + std::to_string(layer); }

  // A curve through what `value_of` finds in each epoch; epochs where it finds nothing are passed
  // over.
  template <typename ValueOf>
  Curve curve(const std::string& label, const std::string& style, ValueOf value_of) const {
    Curve curve{label, style, {}};
    for (size_t i = 0; i < metrics_.size(); ++i) {
      const std::optional<double> value = value_of(metrics_[i]);
      if (value) curve.points.push_back({x_[i], *value});
    }
    return curve;
  }

  Curve layer_curve(size_t layer, const std::string& label, const std::string& style,
                    double LayerMetrics::*value) const {
    return curve(label, style, [&](const EpochMetrics& m) -> std::optional<double> {
      if (layer >= m.layers.size() || !m.layers[layer]) return std::nullopt;
      return (*m.layers[layer]).*value;
    });
  }

  Curve plain_curve(const std::string& label, const std::string& style,
                    std::optional<double> EpochMetrics::*value) const {
    return curve(label, style, [&](const EpochMetrics& m) { return m.*value; });
  }

  static std::string last_value(const Curve& curve) {
    return curve.points.empty() ? "" : short_text(curve.points.back().y);
  }

  Chart chart(const std::string& y_label) const {
    Chart chart;
    chart.x_label = "epoch";
    chart.y_label = y_label;
    chart.dividers = dividers_;
    if (!x_.empty()) {
      chart.first_x = x_.front();
      chart.last_x = x_.back();
    }
    return chart;
  }

  static std::string figure(const std::string& title, const std::string& note, const Chart& chart,
                            const std::vector<LegendEntry>& legend) {
    std::string html = "<div class=\"card\"><h3>" + title + "</h3><p class=\"soft\">" + note +
                       "</p>\n" + svg_chart(chart) + "<div class=\"legend\">";
    for (const LegendEntry& entry : legend) {
      html += "<span><svg viewBox=\"0 0 24 8\"><path class=\"line " + entry.style +
              "\" d=\"M1 4H23\"/></svg>" + html_escape(entry.label) + "<b>" + entry.value +
              "</b></span>\n";
    }
    return html + "</div></div>\n";
  }

  std::string loss() const {
    Chart chart = this->chart("loss (nats)");
    chart.log_if_wide = true;
    std::vector<LegendEntry> legend;
    for (size_t k = 0; k < layers_; ++k) {
      chart.curves.push_back(layer_curve(k, layer_name(k), layer_style(k), &LayerMetrics::loss));
    }
    Curve head = plain_curve("head", "c7", &EpochMetrics::head_loss);
    if (!head.points.empty()) chart.curves.push_back(std::move(head));
    for (const Curve& curve : chart.curves) {
      legend.push_back({curve.style, curve.label, last_value(curve)});
    }
    const char* note = layers_ > 0 ? "Each layer's own goal; no error is passed back between layers"
                                   : "Cross-entropy of the classes";
    return figure("Loss", note, chart, legend);
  }

  std::string goodness() const {
    Chart chart = this->chart("goodness");
    chart.log_if_wide = true;
    std::vector<LegendEntry> legend;
    for (size_t k = 0; k < layers_; ++k) {
      const Curve pos =
          layer_curve(k, layer_name(k) + ", positive", layer_style(k), &LayerMetrics::goodness_pos);
      const Curve neg = layer_curve(k, layer_name(k) + ", negative", layer_style(k) + " dashed",
                                    &LayerMetrics::goodness_neg);
      legend.push_back({pos.style, layer_name(k), last_value(pos) + " / " + last_value(neg)});
      chart.curves.push_back(pos);
      chart.curves.push_back(neg);
    }
    return figure("Goodness", "Solid: positive data, dashed: negative data", chart, legend);
  }

  std::string accuracy() const {
    Chart chart = this->chart("test accuracy (%)");
    std::vector<LegendEntry> legend;
    for (Curve curve : {plain_curve("by head", "c0", &EpochMetrics::test_accuracy_head),
                        plain_curve("by goodness", "c1", &EpochMetrics::test_accuracy_goodness)}) {
      if (curve.points.empty()) continue;
      legend.push_back({curve.style, curve.label, percent_text(curve.points.back().y)});
      for (ChartPoint& point : curve.points) point.y *= 100;
      chart.curves.push_back(std::move(curve));
    }
    return figure("Accuracy", "Images of the test set that are classified correctly", chart,
                  legend);
  }

  std::string throughput() const {
    Chart chart = this->chart("images/s");
    chart.from_zero = true;
    chart.curves = {curve("images/s", "c2", [](const EpochMetrics& m) {
      return std::optional<double>(m.images_per_second);
    })};
    return figure("Throughput", "Training images a second, epoch by epoch", chart,
                  {{"c2", "images/s", last_value(chart.curves[0])}});
  }

  const std::vector<EpochMetrics>& metrics_;
  size_t layers_ = 0;
  std::vector<double> x_;
  std::vector<Divider> dividers_;
};

}  // namespace

std::string run_charts(const std::vector<EpochMetrics>& metrics) {
  return RunCharts(metrics).draw();
}

}  // namespace ffwd
