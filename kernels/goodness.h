// The goodness of a row of activities, G = scale * sum_j term(y_j), and its derivative.
//
//   sum_squares    G = sum_j y_j^2              Hinton 2022, arXiv:2212.13345, section 2
//   mean_squares   G = (1/M) sum_j y_j^2        the same, free of the width
//   sum_abs        G = sum_j |y_j|
//   mean_abs       G = (1/M) sum_j |y_j|        DeeperForward's mean goodness (ReLU: y >= 0)
//
// README.md tells how to add one.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/check.h"
#include "kernels/names.h"
#include "kernels/portable.h"

namespace ffwd {

enum class Goodness : int32_t { sum_squares, mean_squares, sum_abs, mean_abs };

inline constexpr Named<Goodness> kGoodnesses[] = {{"sum_squares", Goodness::sum_squares},
                                                  {"mean_squares", Goodness::mean_squares},
                                                  {"sum_abs", Goodness::sum_abs},
                                                  {"mean_abs", Goodness::mean_abs}};

// Calls body with the kind as a constant of the compiler: a loop on the CPU that asks for it at each
// element takes twice as long.
template <typename Body>
void with_constant(Goodness g, const Body& body) {
  switch (g) {
    case Goodness::sum_squares:
      return body(std::integral_constant<Goodness, Goodness::sum_squares>());
    case Goodness::mean_squares:
      return body(std::integral_constant<Goodness, Goodness::mean_squares>());
    case Goodness::sum_abs:
      return body(std::integral_constant<Goodness, Goodness::sum_abs>());
    case Goodness::mean_abs:
      return body(std::integral_constant<Goodness, Goodness::mean_abs>());
  }
  fail(__FILE__, __LINE__, "unknown goodness");
}

// What is added up of each activity y: y^2 or |y|.
enum class Term : int32_t { square, absolute };

FFWD_HD Term term_of(Goodness g) {
  switch (g) {
    case Goodness::sum_squares:
    case Goodness::mean_squares:
      return Term::square;
    case Goodness::sum_abs:
    case Goodness::mean_abs:
      break;
  }
  return Term::absolute;
}

// Whether it is a mean over the row; else a sum.
FFWD_HD bool is_mean(Goodness g) {
  switch (g) {
    case Goodness::mean_squares:
    case Goodness::mean_abs:
      return true;
    case Goodness::sum_squares:
    case Goodness::sum_abs:
      break;
  }
  return false;
}

FFWD_HD float goodness_term(Goodness g, float y) {
  switch (term_of(g)) {
    case Term::square:
      return y * y;
    case Term::absolute:
      break;
  }
  return y < 0.0f ? -y : y;
}

// d term / dy. At y = 0 the slope of |y| is taken as 0.
FFWD_HD float goodness_slope(Goodness g, float y) {
  switch (term_of(g)) {
    case Term::square:
      return 2.0f * y;
    case Term::absolute:
      break;
  }
  return y > 0.0f ? 1.0f : (y < 0.0f ? -1.0f : 0.0f);
}

FFWD_HD float goodness_scale(Goodness g, int64_t width) {
  return is_mean(g) ? 1.0f / float(width) : 1.0f;
}

}  // namespace ffwd
