// Random numbers that are the same everywhere.
#pragma once

#include <vector>

#include "kernels/random.h"

namespace ffwd::test {

// From -1 to below 1.
inline float any_number(uint32_t bits) {
  return 2.0f * unit_interval(bits) - 1.0f;
}

// draw(32 random bits) of each; others for another `use`.
template <typename Draw>
std::vector<float> random_values(int64_t count, uint32_t use, const Draw& draw) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(draw(random_bits(11, RandomUse::weights, uint64_t(i), use).word[0]));
  }
  return values;
}

}  // namespace ffwd::test
