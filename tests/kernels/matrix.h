// Host arrays for the kernel tests: doubles, which hold every fp32, bf16 and int32 value exactly.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/view.h"

namespace ffwd::test {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Matrix {
  int64_t rows = 0, cols = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(int64_t rows, int64_t cols, double value = 0.0)
      : rows(rows), cols(cols), values(std::size_t(rows * cols), value) {}
  Matrix(int64_t rows, int64_t cols, std::vector<double> values)
      : rows(rows), cols(cols), values(std::move(values)) {}

  double& at(int64_t i, int64_t j) { return values[std::size_t(i * cols + j)]; }
  double at(int64_t i, int64_t j) const { return values[std::size_t(i * cols + j)]; }
  std::size_t size() const { return values.size(); }
  double operator[](std::size_t i) const { return values[i]; }
};

// A row vector of any numbers.
template <typename T>
Matrix row_of(const std::vector<T>& values) {
  return Matrix(1, int64_t(values.size()), std::vector<double>(values.begin(), values.end()));
}

// What a kernel wrote, by the names that the test gave.
using Results = std::map<std::string, Matrix>;

inline double largest(const Matrix& m) {
  double top = 0.0;
  for (const double value : m.values) top = std::fmax(top, std::fabs(value));
  return top;
}

// The value that memory of this type holds after `value` is stored.
inline double rounded(DType dtype, double value) {
  return dtype == DType::f32 ? double(float(value)) : double(to_float(to_bfloat16(float(value))));
}

// Uniform in [low, high), the same on every machine; the first element is positive if any may be.
inline Matrix random_matrix(DType dtype, int64_t rows, int64_t cols, uint64_t seed,
                            double low = -1.0, double high = 1.0) {
  std::mt19937_64 random(seed);
  Matrix m(rows, cols);
  for (double& value : m.values) {
    value = rounded(dtype, low + (high - low) * double(random() >> 11) * 0x1p-53);
  }
  if (m.size() > 0 && high > 0.0) m.values[0] = rounded(dtype, 0.75 * high);
  return m;
}

// Integers from -most to most: sums of them and of their products are exact in fp32 up to 2^24.
inline Matrix random_integers(int64_t rows, int64_t cols, uint64_t seed, int most) {
  std::mt19937_64 random(seed);
  Matrix m(rows, cols);
  for (double& value : m.values) value = double(int64_t(random() % uint64_t(2 * most + 1)) - most);
  if (m.size() > 0) m.values[0] = most;
  return m;
}

template <typename T = float>
std::vector<T> to_vector(const Matrix& m) {
  return std::vector<T>(m.values.begin(), m.values.end());
}

inline std::vector<float> random_vector(int64_t size, uint64_t seed, double low = -1.0,
                                        double high = 1.0) {
  return to_vector(random_matrix(DType::f32, 1, size, seed, low, high));
}

// The same values, NaN and the signs of zeros included.
inline bool identical(const Matrix& a, const Matrix& b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = std::isnan(a[i]) && std::isnan(b[i]);
    if (!both_nan && (a[i] != b[i] || std::signbit(a[i]) != std::signbit(b[i]))) return false;
  }
  return true;
}

}  // namespace ffwd::test
