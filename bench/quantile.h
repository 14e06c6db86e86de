// What samples of times are summed up to.
#pragma once

#include <algorithm>
#include <vector>

namespace ffwd::bench {

// The value below which `part` of the values lie.
inline double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const double place = part * double(values.size() - 1);
  const size_t below = size_t(place), above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - double(below)) * (values[above] - values[below]);
}

inline double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

// The distance of the quartiles, as a part of the median.
inline double spread(const std::vector<double>& values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

}  // namespace ffwd::bench
