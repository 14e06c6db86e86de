// A call of goodness_rows for its tests: operands, the equations of the contract written again in
// double, and how far a correct kernel may be from them.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "kernels/goodness_rows.h"
#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {

inline constexpr Twins<GoodnessRows> kGoodnessRows = FFWD_TWINS(goodness_rows);

// Stands for z (kernels/shared_product.h).
struct SharedProductCase {
  Matrix images, labels;
  std::vector<int32_t> label;
  std::vector<float> row_scale;
};

struct GoodnessCase {
  DType dtype = DType::f32;
  Matrix z;
  SharedProductCase shared_product;  // no images: z is read
  std::vector<float> bias;
  int64_t positive = 0, negative = 0;  // the rest of the rows is neutral
  Activation activation = Activation::relu;
  Goodness goodness = Goodness::sum_squares;
  float threshold = 2.0f, temperature = 1.0f;
  Norm norm = {NormKind::l2, 1e-8f};
  bool learns = true, in_place = false, hands_on = true;
  bool folds = false;
  Matrix before;        // running figures, (P + N, 3); no rows: zeros
  int misaligned = -1;  // see Memory::misalign
};

inline Results run(Place place, const GoodnessCase& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  const int64_t learning = c.positive + c.negative;
  GoodnessRows args;
  args.activation = c.activation;
  args.goodness_kind = c.goodness;
  args.threshold = c.threshold;
  args.temperature = c.temperature;
  args.norm = c.norm;
  args.positive_rows = c.positive;
  args.negative_rows = c.negative;
  args.bias = memory.input(c.bias);
  if (c.in_place) {
    const MatrixView z = memory.inout("dz", c.dtype, c.z);
    args.z = z;
    args.dz = z.row_range(0, learning);
  } else {
    args.z = memory.input(c.dtype, c.z);
    if (c.learns) args.dz = memory.output("dz", c.dtype, learning, c.z.cols);
  }
  if (const auto& p = c.shared_product; p.images.rows > 0) {
    args.shared_product = {memory.input(c.dtype, p.images), memory.input(c.dtype, p.labels),
                           memory.input(p.label), memory.input(p.row_scale)};
    args.z = {nullptr, c.dtype, c.z.rows, c.z.cols, c.z.cols};  // a shape
    if (c.folds) args.folded = memory.output("folded", c.dtype, p.images.rows, c.z.cols);
  }
  if (c.hands_on) args.next = memory.output("next", c.dtype, c.z.rows, c.z.cols);
  args.goodness = memory.output<float>("goodness", c.z.rows);
  args.length = memory.output<float>("length", c.z.rows);
  if (c.learns) {
    args.running =
        memory.inout_figures("running", c.before.rows > 0 ? c.before : Matrix(learning, 3));
  }
  return memory.run(kGoodnessRows, args);
}

inline GoodnessCase random_case(DType dtype, Shape shape, uint64_t seed) {
  GoodnessCase c;
  c.dtype = dtype;
  c.z = random_matrix(dtype, shape.rows, shape.cols, seed);
  c.bias = random_vector(shape.cols, seed + 1, -0.5, 0.5);
  c.positive = (shape.rows + 1) / 2;
  c.negative = shape.rows / 3;
  c.threshold = 0.3f * float(shape.cols);
  c.temperature = 0.1f * float(shape.cols);
  return c;
}

// A shared product of integers, whose images are shown so many times, and the z that it stands for,
// which is exact in either type. The threshold lies in the middle of their goodness, a sum of
// squares, so that positive and negative rows have a gradient.
inline void share_product(GoodnessCase& c, int64_t shows, uint64_t seed) {
  constexpr int64_t kClasses = 4;
  c.threshold = 40.0f * float(c.z.cols);
  c.temperature = 100.0f * float(c.z.cols);
  const int64_t rows = c.z.rows, images = std::max<int64_t>(1, rows / shows);
  SharedProductCase& p = c.shared_product;
  p.images = random_integers(images, c.z.cols, seed, 8);
  p.labels = random_integers(1 + kClasses, c.z.cols, seed + 1, 8);
  for (int64_t i = 0; i < rows; ++i) {
    p.label.push_back(int32_t((7 * i + 1) % (1 + kClasses)) - 1);
    p.row_scale.push_back(i % 2 == 0 ? 0.5f : 2.0f);
    for (int64_t j = 0; j < c.z.cols; ++j) {
      c.z.at(i, j) = double(p.row_scale.back()) *
                     (p.images.at(i % images, j) + p.labels.at(1 + p.label.back(), j));
    }
  }
}

// As many positive and negative rows as there are images, whose gradients are folded.
inline void fold(GoodnessCase& c) {
  c.positive = c.negative = c.shared_product.images.rows;
  c.folds = true;
}

// --- the equations of the contract, in double ----------------------------------------------

inline std::vector<double> activities(const GoodnessCase& c, int64_t i, std::size_t moved = 0,
                                      double by = 0.0) {
  std::vector<double> y;
  for (int64_t j = 0; j < c.z.cols; ++j) {
    const double a = c.z.at(i, j) + double(c.bias[std::size_t(j)]) + (y.size() == moved ? by : 0.0);
    y.push_back(activation(c.activation, a));
  }
  return y;
}

// The loss of row i with a[i, j] moved by `by`.
inline double loss_of(const GoodnessCase& c, int64_t i, int64_t j = 0, double by = 0.0) {
  const double g = goodness(c.goodness, activities(c, i, std::size_t(j), by));
  return row_loss(g, i < c.positive ? 1.0 : -1.0, double(c.threshold), double(c.temperature));
}

inline Matrix folded(const GoodnessCase& c, const Matrix& dz) {
  const SharedProductCase& p = c.shared_product;
  Matrix sums(p.images.rows, c.z.cols);
  for (int64_t i = 0; i < dz.rows; ++i) {
    for (int64_t j = 0; j < dz.cols; ++j) {
      sums.at(i % sums.rows, j) += double(p.row_scale[std::size_t(i)]) * dz.at(i, j);
    }
  }
  return sums;
}

inline Results reference(const GoodnessCase& c) {
  const int64_t learning = c.positive + c.negative;
  Results want;
  want["next"] = Matrix(c.z.rows, c.z.cols);
  want["goodness"] = want["length"] = Matrix(1, c.z.rows);
  want["running"] = Matrix(1, 3 * learning);
  want["dz"] = Matrix(learning, c.z.cols);
  for (int64_t i = 0; i < c.z.rows; ++i) {
    const std::vector<double> y = activities(c, i);
    want["goodness"].at(0, i) = goodness(c.goodness, y);
    want["length"].at(0, i) = length(c.norm, y);
    for (int64_t j = 0; j < c.z.cols; ++j) {
      want["next"].at(i, j) = y[std::size_t(j)] / want["length"].at(0, i);
    }
    if (i >= learning) continue;
    const bool positive = i < c.positive;
    want["running"].at(0, 3 * i) = loss_of(c, i) / double(learning);
    want["running"].at(0, 3 * i + (positive ? 1 : 2)) =
        want["goodness"].at(0, i) / double(positive ? c.positive : c.negative);
    // A central difference of the MEAN loss over the rows that have one. With a step of 1e-5 its
    // own error is about 1e-10 times the third derivative, and 1e-16 / 1e-5 of rounding.
    constexpr double kStep = 1e-5;
    for (int64_t j = 0; j < c.z.cols; ++j) {
      want["dz"].at(i, j) =
          (loss_of(c, i, j, kStep) - loss_of(c, i, j, -kStep)) / (2 * kStep) / double(learning);
    }
  }
  if (c.folds) want["folded"] = folded(c, want.at("dz"));
  return want;
}

// Next to a kink of the activation, where there is no derivative, the inputs are moved away.
inline void leave_kinks(GoodnessCase& c) {
  for (int64_t i = 0; i < c.z.rows; ++i) {
    for (int64_t j = 0; j < c.z.cols; ++j) {
      if (std::fabs(c.z.at(i, j) + double(c.bias[std::size_t(j)])) < 1e-3) c.z.at(i, j) += 0.25;
    }
  }
}

// z and bias are exact, so y is off by at most 2 u of itself, a term by 5 u, and a sum of n terms,
// none negative, by (n + 8) u in whatever order it runs. Two results may lie on both sides of the
// exact one.
struct Bounds {
  Tolerance goodness, length, next, loss, dz;  // loss: of a row, before it is divided
};
inline Bounds bounds(const GoodnessCase& c, const Results& want, double sides = 1.0) {
  const double sum = sides * (double(c.z.cols) + 8) * kUnit, few = sides * 8 * kUnit;
  // m = (G - threshold) / temperature inherits the ABSOLUTE error of G. Loss and the logarithm of
  // its slope change at most as fast as m; a few u more for their own operations.
  const double top = largest(want.at("goodness"));
  const double m = (sum * top + few * (top + double(c.threshold))) / double(c.temperature);
  return {{0, sum}, {0, sum + few}, {0, sum + few}, {m + few, few}, {0, m + 2 * few}};
}

inline void expect_results(const Results& got, const Results& want, const Bounds& bound,
                           DType dtype, Tolerance (*stored_as)(DType, Tolerance)) {
  expect_close(got.at("goodness"), want.at("goodness"), bound.goodness, "goodness");
  expect_close(got.at("length"), want.at("length"), bound.length, "length");
  expect_close(got.at("next"), want.at("next"), stored_as(dtype, bound.next), "next");
  // Of every row three figures: the loss, and goodness in one of two places.
  const auto figures = [](const Results& of, bool loss) {
    std::vector<double> values;
    const Matrix& running = of.at("running");
    for (int64_t i = 0; i < running.cols; ++i) {
      if ((i % 3 == 0) == loss) values.push_back(running.at(0, i));
    }
    return row_of(values);
  };
  const double rows = std::fmax(1.0, double(want.at("running").cols / 3));
  expect_close(figures(got, true), figures(want, true),
               {bound.loss.absolute / rows, bound.loss.relative + 2 * kUnit}, "mean loss");
  expect_close(figures(got, false), figures(want, false), {0, bound.goodness.relative + 2 * kUnit},
               "mean goodness");
  const Tolerance dz = stored_as(dtype, bound.dz);
  expect_close(got.at("dz"), want.at("dz"), dz, "dz");
  if (want.count("folded") == 0) return;
  // Two of them, by 2 at most; their sum may cancel.
  const double two = 4 * (dz.absolute + dz.relative * largest(want.at("dz")));
  expect_close(got.at("folded"), want.at("folded"), stored_as(dtype, {two, 2 * kUnit}), "folded");
}

}  // namespace ffwd::test
