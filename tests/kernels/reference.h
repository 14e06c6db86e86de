// The formulas of kernels/activation.h, goodness.h, loss.h and norm.h written again, in double,
// from the equations in their headers and sharing no code with them.
#pragma once

#include <cmath>
#include <vector>

#include "kernels/activation.h"
#include "kernels/goodness.h"
#include "kernels/norm.h"

namespace ffwd::test {

inline double activation(Activation f, double a) {
  switch (f) {
    case Activation::relu:
      return std::fmax(a, 0.0);
    case Activation::leaky_relu:
      return std::fmax(a, 0.0) + double(0.01f) * std::fmin(a, 0.0);
  }
  return NAN;
}

inline double goodness(Goodness kind, const std::vector<double>& y) {
  double squares = 0.0, absolutes = 0.0;
  for (const double value : y) {
    squares += value * value;
    absolutes += std::fabs(value);
  }
  switch (kind) {
    case Goodness::sum_squares:
      return squares;
    case Goodness::mean_squares:
      return squares / double(y.size());
    case Goodness::sum_abs:
      return absolutes;
    case Goodness::mean_abs:
      return absolutes / double(y.size());
  }
  return NAN;
}

// Whether it is a mean over the row; else a sum.
inline bool is_mean_over_row(Goodness kind) {
  return goodness(kind, {1.0, 1.0}) == goodness(kind, {1.0});
}

// -log of the probability that a row of this sign has this goodness.
inline double row_loss(double goodness, double sign, double threshold, double temperature) {
  const double m = sign * (goodness - threshold) / temperature;
  return m > 0 ? std::log1p(std::exp(-m)) : -m + std::log1p(std::exp(m));
}

inline double length(Norm norm, const std::vector<double>& x) {
  if (norm.kind == NormKind::none) return 1.0;
  double squares = 0.0;
  for (const double value : x) squares += value * value;
  if (norm.kind == NormKind::rms) squares /= double(x.size());
  return std::sqrt(squares) + double(norm.eps);
}

}  // namespace ffwd::test
