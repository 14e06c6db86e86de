// Views: pointer and shape of memory that somebody else owns. Kernels take nothing else.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/check.h"

namespace ffwd {

// A contiguous vector. A view with data == nullptr is "absent"; contracts say where that is
// allowed.
template <typename T>
struct VectorView {
  T* data = nullptr;
  int64_t size = 0;

  VectorView() = default;
  VectorView(T* data, int64_t size) : data(data), size(size) {}
  // A view to write through may be read through.
  template <typename U, typename = decltype(static_cast<T*>(static_cast<U*>(nullptr)))>
  VectorView(const VectorView<U>& other) : data(other.data), size(other.size) {}

  VectorView slice(int64_t first, int64_t count) const { return {data + first, count}; }
};

// How the elements of a matrix are stored. All arithmetic is fp32.
enum class DType : int32_t { f32, bf16 };

FFWD_HD int64_t size_of(DType dtype) {
  return dtype == DType::f32 ? 4 : 2;
}

// A row-major matrix whose rows start `stride` elements apart.
struct MatrixView {
  void* data = nullptr;
  DType dtype = DType::f32;
  int64_t rows = 0, cols = 0, stride = 0;

  template <typename T>
  FFWD_HD T* row(int64_t i) const {
    return static_cast<T*>(data) + i * stride;
  }
  MatrixView row_range(int64_t first, int64_t count) const {
    return {static_cast<char*>(data) + first * stride * size_of(dtype), dtype, count, cols, stride};
  }
  // The first `count` columns.
  MatrixView left(int64_t count) const { return {data, dtype, rows, count, stride}; }
};

// The same, to be read only.
struct ConstMatrixView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  int64_t rows = 0, cols = 0, stride = 0;

  ConstMatrixView() = default;
  ConstMatrixView(const void* data, DType dtype, int64_t rows, int64_t cols, int64_t stride)
      : data(data), dtype(dtype), rows(rows), cols(cols), stride(stride) {}
  ConstMatrixView(const MatrixView& m)
      : ConstMatrixView(m.data, m.dtype, m.rows, m.cols, m.stride) {}

  template <typename T>
  FFWD_HD const T* row(int64_t i) const {
    return static_cast<const T*>(data) + i * stride;
  }
  ConstMatrixView row_range(int64_t first, int64_t count) const {
    return {static_cast<const char*>(data) + first * stride * size_of(dtype), dtype, count, cols,
            stride};
  }
  ConstMatrixView left(int64_t count) const { return {data, dtype, rows, count, stride}; }
};

inline bool same_shape(const ConstMatrixView& a, const ConstMatrixView& b) {
  return a.rows == b.rows && a.cols == b.cols && a.dtype == b.dtype;
}

// Calls body(T{}) with the C++ type that stores a `dtype`.
template <typename Body>
void with_dtype(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body(float{});
    case DType::bf16:
      return body(bfloat16{});
  }
  fail(__FILE__, __LINE__, "unknown element type");
}

}  // namespace ffwd
