// bfloat16: every one of its values survives a round trip, and every fp32 rounds to the nearest
// one, checked against the definition in double.
#include "kernels/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace ffwd::test {
namespace {

float from_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TEST(Bfloat16, EveryValueSurvivesARoundTrip) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float value = to_float(bfloat16{uint16_t(bits)});
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(to_float(to_bfloat16(value)))) << bits;
    } else {
      EXPECT_EQ(to_bfloat16(value).bits, bits);
    }
  }
}

TEST(Bfloat16, HandWorkedValues) {
  EXPECT_EQ(to_bfloat16(0.0f).bits, 0x0000);
  EXPECT_EQ(to_bfloat16(-0.0f).bits, 0x8000);
  EXPECT_EQ(to_bfloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(to_bfloat16(-2.0f).bits, 0xc000);
  EXPECT_EQ(to_float(bfloat16{0x4049}), 3.140625f);
  EXPECT_EQ(to_bfloat16(3.14159265f).bits, 0x4049);
}

TEST(Bfloat16, TiesGoToTheEvenNeighbour) {
  EXPECT_EQ(to_float(to_bfloat16(1.0f + 0x1p-8f)), 1.0f);
  EXPECT_EQ(to_float(to_bfloat16(1.0f + 0x3p-8f)), 1.0f + 0x4p-8f);
  EXPECT_EQ(to_float(to_bfloat16(-1.0f - 0x1p-8f)), -1.0f);
  EXPECT_EQ(to_float(to_bfloat16(1.0f + 0x1p-8f + 0x1p-23f)), 1.0f + 0x1p-7f);
  EXPECT_EQ(to_float(to_bfloat16(1.0f + 0x3p-8f - 0x1p-23f)), 1.0f + 0x1p-7f);
}

TEST(Bfloat16, TooLargeIsInfinityAndNanStaysNan) {
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::max()).bits, 0x7f80);
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::infinity()).bits, 0x7f80);
  EXPECT_EQ(to_bfloat16(-std::numeric_limits<float>::infinity()).bits, 0xff80);
  for (const uint32_t nan : {0x7f800001u, 0x7fffffffu, 0x7fc00000u, 0xff800001u, 0xffffffffu}) {
    EXPECT_TRUE(std::isnan(to_float(to_bfloat16(from_bits(nan))))) << nan;
  }
}

// Nearest: no neighbour of the result is nearer. Subnormal values are among the random bits.
TEST(Bfloat16, RoundsToTheNearest) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000000; ++i) {
    const float value = from_bits(uint32_t(random()));
    const bfloat16 stored = to_bfloat16(value);
    if (!std::isfinite(value) || !std::isfinite(to_float(stored))) continue;
    const double error = std::fabs(double(to_float(stored)) - value);
    for (const int step : {-1, 1}) {
      const float neighbour = to_float(bfloat16{uint16_t(stored.bits + step)});
      if (!std::isfinite(neighbour)) continue;
      ASSERT_LE(error, std::fabs(double(neighbour) - value)) << value;
    }
  }
}

TEST(Bfloat16, StoreKeepsFp32AndRoundsBfloat16) {
  float single = 0.0f;
  bfloat16 half = {0};
  store(single, 1.0f + 0x1p-20f);
  store(half, 1.0f + 0x1p-20f);
  EXPECT_EQ(single, 1.0f + 0x1p-20f);
  EXPECT_EQ(half.bits, 0x3f80);
}

}  // namespace
}  // namespace ffwd::test
