// Random numbers by counter, the same on host and device: a number depends on (seed, use, a, b)
// alone, never on who asks or in what order.
//
// Source: Philox4x32-10, Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
#pragma once

#include <Random123/philox.h>

#include <cstdint>

#include "kernels/portable.h"

namespace ffwd {

// What the numbers are for. Different uses of one seed never share numbers.
enum class RandomUse : uint32_t { weights = 1, shuffle = 2, negatives = 3 };

struct RandomBits {
  uint32_t word[4];
};

// 128 random bits for counter (a, b).
FFWD_HD RandomBits random_bits(uint64_t seed, RandomUse use, uint64_t a, uint32_t b) {
  const philox4x32_ctr_t counter = {{uint32_t(a), uint32_t(a >> 32), b, uint32_t(use)}};
  const philox4x32_key_t key = {{uint32_t(seed), uint32_t(seed >> 32)}};
  const philox4x32_ctr_t r = philox4x32(counter, key);
  return {{r.v[0], r.v[1], r.v[2], r.v[3]}};
}

// A float in [0, 1) from 32 random bits: the upper 24 bits, so never 1.
FFWD_HD float unit_interval(uint32_t bits) {
  return float(bits >> 8) * 0x1p-24f;
}

}  // namespace ffwd
