// Comparing arrays of numbers element by element: no average may hide one bad value, and a NaN
// never passes. References are in double; a tolerance is derived where it is used, never guessed.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>

namespace ffwd::test {

// Unit roundoff of fp32: one operation is wrong by at most this part of its result.
inline constexpr double kUnit = 0x1p-24;
// Neighbouring bf16 numbers differ by at most this part of either: two fp32 values next to each
// other may round to bf16 numbers this far apart. Rounding one value costs half of it.
inline constexpr double kBf16Gap = 0x1p-7;

// Element i of `got` may be off by absolute + relative * |want[i]|.
struct Tolerance {
  double absolute = 0.0, relative = 0.0;
};

// What is wrong with `got`, naming the worst element; empty if every element is within the
// tolerance. NaN and infinity are always wrong, on either side. So is a `want` of zeros alone: it
// would prove nothing, and expect_equal is there for it.
template <typename Got, typename Want>
std::string difference(const Got& got, const Want& want, Tolerance tolerance) {
  std::ostringstream text;
  text.precision(9);
  if (got.size() != want.size()) {
    text << got.size() << " elements instead of " << want.size();
    return text.str();
  }
  std::size_t bad = 0, worst = 0;
  double worst_excess = 0.0;
  bool all_zero = true;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double w = double(want[i]), error = std::fabs(double(got[i]) - w);
    const double allowed = tolerance.absolute + tolerance.relative * std::fabs(w);
    if (!(w == 0.0)) all_zero = false;
    if (error <= allowed && std::isfinite(allowed)) continue;
    const double excess = error - allowed;  // a NaN is worse than any number
    if (bad++ == 0 || (!(excess <= worst_excess) && !std::isnan(worst_excess))) {
      worst = i;
      worst_excess = excess;
    }
  }
  if (bad > 0) {
    const double w = double(want[worst]);
    text << bad << " of " << want.size() << " elements are off, the worst is [" << worst
         << "]: got " << double(got[worst]) << ", want " << w << ", may be off by "
         << tolerance.absolute + tolerance.relative * std::fabs(w);
  } else if (all_zero && want.size() > 0) {
    text << "nothing but zeros to compare with: this proves nothing";
  }
  return text.str();
}

template <typename Got, typename Want>
void expect_close(const Got& got, const Want& want, Tolerance tolerance, const std::string& what) {
  const std::string wrong = difference(got, want, tolerance);
  if (!wrong.empty()) ADD_FAILURE() << what << ": " << wrong;
}

// Every element equals: for zeros, and for arithmetic that is exact. A NaN equals nothing.
template <typename Got, typename Want>
void expect_equal(const Got& got, const Want& want, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(got[i], want[i]) << what << "[" << i << "]";
  }
}

}  // namespace ffwd::test
