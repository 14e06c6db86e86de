#include "host/report/svg_chart.h"

#include <algorithm>
#include <limits>

#include "host/basics/number_text.h"
#include "host/report/chart_axis.h"
#include "host/report/html_text.h"

namespace ffwd {
namespace {

constexpr double kWidth = 560, kHeight = 308;
constexpr double kLeft = 56, kRight = 540, kTop = 36, kBottom = 266;  // of the field of curves
constexpr double kColumn = 2;         // width in which a curve keeps its lowest and highest point
constexpr size_t kMarkedPoints = 40;  // a curve of no more points than this shows each

std::string at(double x, double y) {
  return fixed_text(x, 1) + " " + fixed_text(y, 1);
}

// Smallest and largest of the numbers it is shown.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// A stretch of a curve without gaps, on the drawing.
using Stretch = std::vector<ChartPoint>;

// Keeps, of the points that fall into one column, the lowest and the highest, in their order.
Stretch thinned(const Stretch& points) {
  Stretch kept;
  for (size_t begin = 0, end = 0; begin < points.size(); begin = end) {
    const int column = static_cast<int>(points[begin].x / kColumn);
    while (end < points.size() && static_cast<int>(points[end].x / kColumn) == column) ++end;
    const auto [low, high] =
        std::minmax_element(points.begin() + begin, points.begin() + end,
                            [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; });
    kept.push_back(*std::min(low, high));
    if (low != high) kept.push_back(*std::max(low, high));
  }
  return kept;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {}

  std::string draw() {
    svg_ = "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 " + count_text(kWidth) + " " +
           count_text(kHeight) + "\">\n";
    if (choose_axes()) {
      draw_grid();
      draw_dividers();
      for (const Curve& curve : chart_.curves) draw_curve(curve);
    } else {
      text("none", kWidth / 2, kHeight / 2, "no values in this run");
    }
    return svg_ + "</svg>\n";
  }

 private:
  // False when there is nothing to draw.
  bool choose_axes() {
    Range y;
    for (const Curve& curve : chart_.curves) {
      for (const ChartPoint& point : curve.points) {
        if (can_draw(point.y)) y.include(point.y);
      }
    }
    if (!(y.low <= y.high)) return false;
    const bool logarithmic = chart_.log_if_wide && y.low > 0 && y.high / y.low > 100;
    y_label_ = chart_.y_label + (logarithmic ? ", log scale" : "");
    if (chart_.from_zero && !logarithmic) y.include(0);
    x_axis_ = ChartAxis::whole(chart_.first_x, chart_.last_x);
    y_axis_ = logarithmic ? ChartAxis::logarithmic(y.low, y.high)
                          : ChartAxis::linear(y.low, y.high, /*rounded=*/true);
    return true;
  }

  double x_of(double value) const { return kLeft + (kRight - kLeft) * x_axis_.position(value); }
  double y_of(double value) const { return kBottom - (kBottom - kTop) * y_axis_.position(value); }

  void text(const char* style, double x, double y, const std::string& content) {
    svg_ += std::string("<text class=\"") + style + "\" x=\"" + fixed_text(x, 1) + "\" y=\"" +
            fixed_text(y, 1) + "\">" + html_escape(content) + "</text>\n";
  }

  void path(const std::string& style, const std::string& data, const std::string& title = "") {
    svg_ += "<path class=\"" + style + "\" d=\"" + data + "\">";
    if (!title.empty()) svg_ += "<title>" + html_escape(title) + "</title>";
    svg_ += "</path>\n";
  }

  void draw_grid() {
    for (const Tick& tick : y_axis_.ticks()) {
      path("grid-line", "M" + at(kLeft, y_of(tick.value)) + "H" + fixed_text(kRight, 1));
      text("tick y", kLeft - 7, y_of(tick.value) + 4, tick.text);
    }
    for (const Tick& tick : x_axis_.ticks()) {
      path("axis", "M" + at(x_of(tick.value), kBottom) + "v4");
      text("tick", x_of(tick.value), kBottom + 18, tick.text);
    }
    path("axis", "M" + at(kLeft, kBottom) + "H" + fixed_text(kRight, 1));
    text("label", (kLeft + kRight) / 2, kHeight - 6, chart_.x_label);
    text("label start", 4, 12, y_label_);
  }

  void draw_dividers() {
    for (const Divider& divider : chart_.dividers) {
      const double x = x_of(divider.x);
      path("divider", "M" + at(x, kTop) + "V" + fixed_text(kBottom, 1));
      text("stage", x, kTop - 5, divider.label);
    }
  }

  // The points of a curve on the drawing, cut where a value is missing.
  std::vector<Stretch> stretches_of(const Curve& curve) const {
    std::vector<Stretch> stretches;
    bool gap = true;
    for (const ChartPoint& point : curve.points) {
      const bool drawn = can_draw(point.y);
      if (drawn && gap) stretches.emplace_back();
      if (drawn) stretches.back().push_back({x_of(point.x), y_of(point.y)});
      gap = !drawn;
    }
    return stretches;
  }

  void draw_curve(const Curve& curve) {
    std::string line, dots;
    for (const Stretch& stretch : stretches_of(curve)) {
      const bool mark = stretch.size() == 1 || curve.points.size() <= kMarkedPoints;
      char command = 'M';
      for (const ChartPoint& point : thinned(stretch)) {
        line += command + at(point.x, point.y);  // numbers after the first pair mean "line to"
        if (mark) dots += "M" + at(point.x, point.y) + "h0";
        command = ' ';
      }
    }
    if (!line.empty()) path("line " + curve.style, line, curve.label);
    if (!dots.empty()) path("dots " + curve.style, dots, curve.label);
  }

  const Chart& chart_;
  ChartAxis x_axis_ = ChartAxis::whole(0, 1), y_axis_ = ChartAxis::whole(0, 1);
  std::string y_label_;
  std::string svg_;
};

}  // namespace

std::string svg_chart(const Chart& chart) {
  return Drawing(chart).draw();
}

}  // namespace ffwd
