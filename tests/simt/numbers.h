// Inside the harness: elements of matrices and images as libraries see them.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/bfloat16.h"

namespace ffwd::simt {

// A number in TF32, of 10 bits of mantissa: the nearest, where tensor cores may take the one below.
inline float rounded_to_tf32(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;  // infinity or NaN
  bits = (bits + 0x1000u) & ~0x1fffu;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

inline float load(const void* data, bool is_bf16, std::int64_t i) {
  return is_bf16 ? to_float(static_cast<const bfloat16*>(data)[i])
                 : static_cast<const float*>(data)[i];
}

inline void store(void* data, bool is_bf16, std::int64_t i, float value) {
  if (is_bf16) {
    static_cast<bfloat16*>(data)[i] = to_bfloat16(value);
  } else {
    static_cast<float*>(data)[i] = value;
  }
}

}  // namespace ffwd::simt
