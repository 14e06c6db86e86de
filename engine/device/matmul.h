// Matrix products: c = op(a) op(b) + beta * c, row-major, op = transpose or nothing. On
// request the column sums of a come with a product a^T b: with a = dz and b = x, c is the gradient
// of a layer's weights and `sums` that of its biases.
#pragma once

#include "kernels/column_sum.h"
#include "kernels/view.h"

namespace ffwd {

// Shapes:  op(a) (M, K), op(b) (K, N), c (M, N). a and b share an element type; c is of that type
//          or fp32. M = 0 or N = 0 is allowed and does nothing; K must be above 0. sums (M), fp32,
//          or absent; only of a that is transposed, with c fp32 and beta 0; scratch: at least
//          column_sum_scratch(K, M) floats, for a device that adds them up by itself.
// Order:   fixed for a shape, a device and a number of threads, so a result repeats bit for bit.
struct Matmul {
  ConstMatrixView a;
  bool transpose_a;
  ConstMatrixView b;
  bool transpose_b;
  MatrixView c;
  float beta = 0.0f;
  VectorView<float> sums = {}, scratch = {};

  int64_t m() const { return c.rows; }
  int64_t n() const { return c.cols; }
  int64_t k() const { return transpose_a ? a.rows : a.cols; }
};

// z = x w^T (+ beta z): x (R, D), w (M, D), z (R, M).
inline Matmul forward_product(const ConstMatrixView& x, const ConstMatrixView& w,
                              const MatrixView& z, float beta = 0.0f) {
  return {x, false, w, true, z, beta};
}

// dw = dz^T x (+ beta dw): dz (R, M), x (R, D), dw (M, D).
inline Matmul weight_gradient_product(const ConstMatrixView& dz, const ConstMatrixView& x,
                                      const MatrixView& dw, float beta = 0.0f) {
  return {dz, true, x, false, dw, beta};
}

// The same, and db = the column sums of dz: (M).
inline Matmul weight_and_bias_gradient(const ConstMatrixView& dz, const ConstMatrixView& x,
                                       const MatrixView& dw, const VectorView<float>& db,
                                       const VectorView<float>& scratch) {
  return {dz, true, x, false, dw, 0.0f, db, scratch};
}

// dx = dz w: dz (R, M), w (M, D), dx (R, D).
inline Matmul input_gradient_product(const ConstMatrixView& dz, const ConstMatrixView& w,
                                     const MatrixView& dx) {
  return {dz, false, w, false, dx};
}

// sums[m] = sum_k a[k, m].
inline ColumnSum sums_of(const Matmul& a) {
  return {a.a, {}, 1.0f, a.sums, a.scratch};
}

// Throws ffwd::Error if the shapes or types break the contract.
void check(const Matmul& args);

}  // namespace ffwd
