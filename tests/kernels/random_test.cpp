// Random numbers by counter: the generator's published answers, how a counter is laid out, and that
// the floats made from the bits are uniform in [0, 1).
#include "kernels/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace ffwd::test {
namespace {

std::vector<uint32_t> words(uint64_t seed, uint32_t use, uint64_t a, uint32_t b) {
  const RandomBits bits = random_bits(seed, RandomUse(use), a, b);
  return {bits.word[0], bits.word[1], bits.word[2], bits.word[3]};
}

// The known answers of Philox4x32-10 that its authors publish with Random123 (kat_vectors).
TEST(Random, KnownAnswers) {
  using Words = std::vector<uint32_t>;
  EXPECT_EQ(words(0, 0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words(0xffffffffffffffff, 0xffffffff, 0xffffffffffffffff, 0xffffffff),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  // Counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0.
  EXPECT_EQ(words(0x299f31d0a4093822, 0x03707344, 0x85a308d3243f6a88, 0x13198a2e),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryPartOfTheCounterMatters) {
  std::set<std::vector<uint32_t>> seen;
  for (const uint64_t seed : {uint64_t(0), uint64_t(1), uint64_t(1) << 32}) {
    for (const RandomUse use : {RandomUse::weights, RandomUse::shuffle, RandomUse::negatives}) {
      for (const uint64_t a : {uint64_t(0), uint64_t(1), uint64_t(1) << 32}) {
        for (const uint32_t b : {0u, 1u}) seen.insert(words(seed, uint32_t(use), a, b));
      }
    }
  }
  EXPECT_EQ(seen.size(), 3u * 3u * 3u * 2u);
}

TEST(Random, UnitIntervalNeverReachesOne) {
  EXPECT_EQ(unit_interval(0), 0.0f);
  EXPECT_EQ(unit_interval(0xffu), 0.0f);
  EXPECT_EQ(unit_interval(0x100u), 0x1p-24f);
  EXPECT_EQ(unit_interval(0x80000000u), 0.5f);
  EXPECT_EQ(unit_interval(0xffffffffu), 1.0f - 0x1p-24f);
}

// 100 bins of 10,000 expected draws each, one statistic for each word: chi-square with 99 degrees
// of freedom is above 149 once in 1,000 times. The numbers are fixed: a correct generator does not
// fail now and then.
TEST(Random, IsUniform) {
  constexpr int kBins = 100, kDraws = 1000000;
  std::vector<std::vector<int>> count(4, std::vector<int>(kBins, 0));
  for (int i = 0; i < kDraws; ++i) {
    const RandomBits bits = random_bits(7, RandomUse::negatives, uint64_t(i), 3);
    for (std::size_t w = 0; w < 4; ++w) {
      ++count[w][std::size_t(unit_interval(bits.word[w]) * kBins)];
    }
  }
  for (const std::vector<int>& bins : count) {
    double chi_square = 0.0;
    for (const int n : bins) chi_square += std::pow(n - kDraws / kBins, 2) / (kDraws / kBins);
    EXPECT_LT(chi_square, 149.0);
    EXPECT_GT(chi_square, 60.0);  // below that once in 1,000 times: too even to be random
  }
}

}  // namespace
}  // namespace ffwd::test
