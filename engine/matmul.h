// Matrix products: c = alpha * op(a) op(b) + beta * c, row-major, op = transpose or nothing.
#pragma once

#include "kernels/view.h"

namespace ffwd {

// Shapes:  op(a) (M, K), op(b) (K, N), c (M, N). a and b share an element type; c is of that type
//          or fp32. M = 0 or N = 0 is allowed and does nothing; K must be above 0.
// Order:   fixed for a shape, a device and a number of threads, so a result repeats bit for bit.
struct Matmul {
  ConstMatrixView a;
  bool transpose_a;
  ConstMatrixView b;
  bool transpose_b;
  MatrixView c;
  float alpha = 1.0f, beta = 0.0f;

  int64_t m() const { return c.rows; }
  int64_t n() const { return c.cols; }
  int64_t k() const { return transpose_a ? a.rows : a.cols; }
};

// Throws ffwd::Error if the shapes or types break the contract.
void check(const Matmul& args);

}  // namespace ffwd
