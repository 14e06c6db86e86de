// bfloat16 as a storage type: 16 bits in memory, fp32 in every computation.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/portable.h"

#ifdef __CUDA_ARCH__
#include <cuda_bf16.h>
#endif

namespace ffwd {

struct bfloat16 {
  uint16_t bits;
};

FFWD_HD float to_float(float value) {
  return value;
}

FFWD_HD float to_float(bfloat16 value) {
  const uint32_t bits = uint32_t(value.bits) << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

// Rounds to the nearest bfloat16, ties to even; a NaN stays a NaN.
FFWD_HD bfloat16 to_bfloat16(float value) {
#ifdef __CUDA_ARCH__
  return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
#else
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {0x7fff};
  return {uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#endif
}

// Stores an fp32 value in either storage type.
FFWD_HD void store(float& target, float value) {
  target = value;
}
FFWD_HD void store(bfloat16& target, float value) {
  target = to_bfloat16(value);
}

}  // namespace ffwd
