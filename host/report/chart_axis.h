// The scale of an axis: which number lies where, and which numbers are written beside it.
#pragma once

#include <string>
#include <vector>

namespace ffwd {

// Numbers that axes and curves can handle: finite, and far from overflow.
bool can_draw(double value);

struct Tick {
  double value;
  std::string text;
};

class ChartAxis {
 public:
  // An axis over low..high. Its ends move outwards to round numbers when `rounded`.
  static ChartAxis linear(double low, double high, bool rounded);
  // For 0 < low < high.
  static ChartAxis logarithmic(double low, double high);
  // For whole numbers such as epochs: no tick lies between two of them.
  static ChartAxis whole(double low, double high);

  // 0 at the lower end, 1 at the upper.
  double position(double value) const;

  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  void add_ticks(double step);

  double low_ = 0, high_ = 1;
  bool logarithmic_ = false;
  std::vector<Tick> ticks_;
};

}  // namespace ffwd
