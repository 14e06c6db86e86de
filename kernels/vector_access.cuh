// 16-byte loads and stores of row segments, with a scalar path for tails and misaligned rows.
#pragma once

#include "kernels/device.cuh"
#include "kernels/view.h"

namespace ffwd {

// Elements of T in 16 bytes.
template <typename T>
inline constexpr int kVector = 16 / int(sizeof(T));

template <typename T>
struct alignas(16) Packed {
  T element[kVector<T>];
};

// True if the vector starts on a 16-byte boundary.
inline bool is_aligned(VectorView<const float> v) {
  return reinterpret_cast<uintptr_t>(v.data) % 16 == 0;
}

// True if every row of the matrix starts on a 16-byte boundary.
template <typename T>
inline bool rows_are_aligned(const ConstMatrixView& m) {
  return reinterpret_cast<uintptr_t>(m.data) % 16 == 0 && m.stride % kVector<T> == 0;
}

// A segment as it was loaded. In words: nothing waits for them until they are unpacked, while the
// elements of a Packed would be taken apart where they are loaded.
struct alignas(16) [[gnu::may_alias]] Loaded {
  uint32_t word[4];
};

// Elements j .. j + kVector of a row of `cols`; zeros beyond the end.
template <typename T>
__device__ inline Loaded load_segment(const T* row, int64_t j, int64_t cols, bool aligned) {
  if (aligned && j + kVector<T> <= cols) return *reinterpret_cast<const Loaded*>(row + j);
  Packed<T> packed = {};
  for (int k = 0; k < kVector<T>; ++k) {
    if (j + k < cols) packed.element[k] = row[j + k];
  }
  Loaded loaded;
  memcpy(&loaded, &packed, sizeof loaded);
  return loaded;
}

template <typename T>
__device__ inline void unpack(const Loaded& loaded, float (&value)[kVector<T>]) {
  Packed<T> packed;
  memcpy(&packed, &loaded, sizeof packed);
  for (int k = 0; k < kVector<T>; ++k) value[k] = to_float(packed.element[k]);
}

// The same as floats.
template <typename T>
__device__ inline void load_vector(const T* row, int64_t j, int64_t cols, bool aligned,
                                   float (&value)[kVector<T>]) {
  unpack<T>(load_segment(row, j, cols, aligned), value);
}

// As many floats as a segment of T has elements; zeros beyond the end.
template <typename T>
__device__ inline void load_floats(const float* row, int64_t j, int64_t cols, bool aligned,
                                   float (&value)[kVector<T>]) {
  for (int first = 0; first < kVector<T>; first += kVector<float>) {
    float part[kVector<float>];
    load_vector(row, j + first, cols, aligned, part);
    for (int k = 0; k < kVector<float>; ++k) value[first + k] = part[k];
  }
}

// Calls use(j) for the first element j of every segment of a row that the calling thread owns:
// segments t, t + blockDim.x, ... of thread t.
template <typename T, typename Use>
__device__ inline void for_each_segment(int64_t cols, Use use) {
  const int64_t step = int64_t(blockDim.x) * kVector<T>;
  for (int64_t j = int64_t(threadIdx.x) * kVector<T>; j < cols; j += step) use(j);
}

template <typename T>
__device__ inline void store_vector(T* row, int64_t j, int64_t cols, bool aligned,
                                    const float (&value)[kVector<T>]) {
  if (aligned && j + kVector<T> <= cols) {
    Packed<T> packed;
    for (int k = 0; k < kVector<T>; ++k) store(packed.element[k], value[k]);
    *reinterpret_cast<Packed<T>*>(row + j) = packed;
  } else {
    for (int k = 0; k < kVector<T>; ++k) {
      if (j + k < cols) store(row[j + k], value[k]);
    }
  }
}

}  // namespace ffwd
