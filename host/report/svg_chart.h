// Curves over an axis as a piece of SVG to be put into an HTML page.
//
// Colours and fonts come from the page's style sheet, by class: line, dots, dashed, c0 to c7 (the
// colour of a curve), grid-line, axis, divider.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ffwd {

struct ChartPoint {
  double x, y;
};

struct Curve {
  std::string label;  // what a pointer that rests on it is told
  std::string style;  // classes: "c0", "c1 dashed", ...
  // x ascending, within the span of the axis. A y that is not finite interrupts the curve.
  std::vector<ChartPoint> points;
};

// A vertical line, and a word above it.
struct Divider {
  double x;
  std::string label;
};

struct Chart {
  std::string x_label, y_label;
  double first_x = 0, last_x = 1;  // the span of the x axis, which counts whole things
  std::vector<Curve> curves;
  std::vector<Divider> dividers;
  bool from_zero = false;    // y begins at 0; else at the smallest value
  bool log_if_wide = false;  // y is logarithmic if its values are above 0, some 100 times others
};

// The chart, drawn in 560 x 308 units whatever the number of points: of thousands, the lowest and
// highest in every two units are kept. A chart without any finite value says so.
std::string svg_chart(const Chart& chart);

}  // namespace ffwd
