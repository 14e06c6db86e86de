// What the kernel tests share: suites that run in every place, the shapes and layouts to try, and
// the schedules of tests/simt.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/close.h"
#include "tests/kernels/memory.h"

#ifdef FFWD_SIMT
#include "simt/schedule.h"
#endif

namespace ffwd::test {

// A suite whose tests run on the CPU twin and, where it is built, on the CUDA kernel.
class InEveryPlace : public testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    if (place() == Place::cuda) FFWD_SKIP_WITHOUT_GPU();
  }
  Place place() const { return GetParam(); }
};
#define FFWD_IN_EVERY_PLACE(Suite)                                              \
  INSTANTIATE_TEST_SUITE_P(In, Suite, testing::ValuesIn(::ffwd::test::kPlaces), \
                           [](const auto& info) { return ::ffwd::test::name_of(info.param); })

// A suite that compares CUDA with the CPU; its tests stand under #ifdef FFWD_TEST_CUDA.
class CudaAgainstCpu : public testing::Test {
 protected:
  void SetUp() override { FFWD_SKIP_WITHOUT_GPU(); }
};

struct Shape {
  int64_t rows, cols;
};

// Around the widths of a warp, a vector and a block, beyond them, and degenerate ones.
inline constexpr Shape kShapes[] = {{1, 1},   {7, 31},   {8, 32},   {9, 33},   {3, 255},
                                    {2, 257}, {64, 500}, {5, 2000}, {1, 4097}, {0, 40}};

// Rows one after the other; rows apart, on 16-byte boundaries and off them; a misaligned start.
inline constexpr Layout kLayouts[] = {{0, 0}, {8, 0}, {3, 0}, {0, 1}, {5, 3}};

// Every combination of element type, shape and layout. ThreadSanitizer is slow: small ones there.
template <typename Body>
void for_each_case(const Body& body) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Shape shape : kShapes) {
#ifdef FFWD_SIMT_TSAN
      if (shape.rows * shape.cols > 300) continue;
#endif
      for (const Layout layout : kLayouts) {
        SCOPED_TRACE((dtype == DType::f32 ? "fp32, " : "bf16, ") + std::to_string(shape.rows) +
                     " x " + std::to_string(shape.cols) + ", padding " +
                     std::to_string(layout.padding) + ", offset " + std::to_string(layout.offset));
        body(dtype, shape, layout);
      }
    }
  }
}

// Runs the body under every schedule of tests/simt; elsewhere, where nobody can choose one, a few
// times.
template <typename Body>
void for_each_schedule(const Body& body) {
#ifdef FFWD_SIMT
  for (uint64_t seed = 0; seed < simt::kSchedules; ++seed) {
    SCOPED_TRACE("schedule " + std::to_string(seed));
    simt::set_schedule(seed);
    body();
  }
  simt::set_schedule(0);
#else
  for (int repeat = 0; repeat < 3; ++repeat) body();
#endif
}

inline void expect_identical(const Results& got, const Results& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [name, values] : want) EXPECT_TRUE(identical(got.at(name), values)) << name;
}

// run() gives the same bits whatever the order in which threads and blocks run.
template <typename Run>
void expect_same_bits_always(const Run& run) {
  const Results first = run();
  for_each_schedule([&] { expect_identical(run(), first); });
}

// The error bound of one element that is stored as `dtype` by either of two twins which agree
// within `fp32`: if their results straddle a rounding point, the stored values are neighbours.
inline Tolerance stored_apart(DType dtype, Tolerance fp32) {
  if (dtype == DType::bf16) fp32.relative += kBf16Gap;
  return fp32;
}

// The same against a reference that is not rounded: half the gap.
inline Tolerance stored(DType dtype, Tolerance fp32) {
  if (dtype == DType::bf16) fp32.relative += kBf16Gap / 2;
  return fp32;
}

inline bool all_nan(const Matrix& m) {
  for (const double value : m.values) {
    if (!std::isnan(value)) return false;
  }
  return true;
}

}  // namespace ffwd::test
