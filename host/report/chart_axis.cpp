#include "host/report/chart_axis.h"

#include <algorithm>
#include <cmath>

#include "host/basics/number_text.h"

namespace ffwd {
namespace {

// The smallest of 1, 2, 5, 10, 20, ... (times any power of ten) that is not below `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= step * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

// All ticks of an axis share one unit and number of decimals: 0.5, 1.0, 1.5 or 10k, 20k.
std::string tick_text(double value, double step, double largest) {
  if (largest < 1e-3 || largest >= 1e12) return short_text(value);
  const char* suffix = "";
  double unit = 1;
  if (largest >= 1e9) {
    suffix = "G", unit = 1e9;
  } else if (largest >= 1e6) {
    suffix = "M", unit = 1e6;
  } else if (largest >= 1e4) {
    suffix = "k", unit = 1e3;
  }
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step / unit) + 1e-9)));
  if (unit == 1 && decimals == 0) return count_text(value);
  return fixed_text(value / unit, decimals) + (value == 0 ? "" : suffix);
}

}  // namespace

bool can_draw(double value) {
  return std::fabs(value) < 1e100;
}

ChartAxis ChartAxis::linear(double low, double high, bool rounded) {
  // Never so narrow that neighbouring numbers run together.
  const double least = std::max(1e-6 * std::max(std::fabs(low), std::fabs(high)), 1e-30);
  if (high - low < least) {
    const double pad = low == 0 && high == 0 ? 1 : std::max(least, 0.05 * std::fabs(high));
    low -= pad;
    high += pad;
  }
  ChartAxis axis;
  const double step = round_step((high - low) / 5);
  axis.low_ = rounded ? step * std::floor(low / step + 1e-9) : low;
  axis.high_ = rounded ? step * std::ceil(high / step - 1e-9) : high;
  axis.add_ticks(step);
  return axis;
}

ChartAxis ChartAxis::whole(double low, double high) {
  if (high > 1e12) return linear(low, high, /*rounded=*/false);  // too large to count by ones
  ChartAxis axis;
  axis.low_ = low < high ? low : low - 0.5;
  axis.high_ = low < high ? high : high + 0.5;
  axis.add_ticks(round_step(std::max(1.0, (high - low) / 8)));
  return axis;
}

ChartAxis ChartAxis::logarithmic(double low, double high) {
  ChartAxis axis;
  axis.logarithmic_ = true;
  axis.low_ = std::log10(low);
  axis.high_ = std::log10(high);
  const double decades = std::ceil((axis.high_ - axis.low_) / 6);
  const double first = decades * std::ceil(axis.low_ / decades - 1e-9);
  for (double power = first; power <= axis.high_ + 1e-9; power += decades) {
    const double value = std::pow(10.0, power);
    axis.ticks_.push_back({value, tick_text(value, value, value)});
  }
  return axis;
}

double ChartAxis::position(double value) const {
  return ((logarithmic_ ? std::log10(value) : value) - low_) / (high_ - low_);
}

void ChartAxis::add_ticks(double step) {
  const double largest = std::max(std::fabs(low_), std::fabs(high_));
  const double last = std::floor(high_ / step + 1e-9);
  for (double k = std::ceil(low_ / step - 1e-9); k <= last; ++k) {
    const double value = k * step + 0.0;  // the sum turns -0 into 0
    ticks_.push_back({value, tick_text(value, step, largest)});
  }
}

}  // namespace ffwd
