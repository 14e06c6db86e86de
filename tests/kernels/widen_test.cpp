// widen: exact, for every size around a warp and a block, in both modes.
#include "kernels/widen.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<Widen> kWiden = FFWD_TWINS(widen);

class WidenTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(WidenTest);

VectorView<const bfloat16> vector(const ConstMatrixView& row) {
  return {static_cast<const bfloat16*>(row.data), row.cols};
}

Matrix run(Place place, const Matrix& narrow, const Matrix& wide, bool add) {
  Memory memory(place);
  const Widen args{vector(memory.input(DType::bf16, narrow)), memory.inout("wide", to_vector(wide)),
                   add};
  return memory.run(kWiden, args).at("wide");
}

TEST_P(WidenTest, ReplacesOrAdds) {
  for (const int64_t size : {0, 1, 31, 32, 33, 255, 256, 257, 2000}) {
    const Matrix narrow = random_matrix(DType::bf16, 1, size, 1);
    const Matrix wide = random_integers(1, size, 2, 100);
    Matrix sum = wide;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum.values[i] = rounded(DType::f32, wide[i] + narrow[i]);
    }
    expect_equal(run(place(), narrow, wide, false), narrow, "replaced");
    expect_equal(run(place(), narrow, wide, true), sum, "added");
  }
}

TEST_P(WidenTest, NanShowsInItsElement) {
  const Matrix got = run(place(), Matrix(1, 3, {1, kNan, 2}), Matrix(1, 3, {kNan, 1, 1}), true);
  EXPECT_TRUE(std::isnan(got[0]) && std::isnan(got[1]));
  EXPECT_EQ(got[2], 3.0);
}

TEST_P(WidenTest, BrokenContractsThrow) {
  Memory memory(place());
  const Widen args{vector(memory.input(DType::bf16, Matrix(1, 3))), memory.output<float>("wide", 2),
                   false};
  EXPECT_THROW(memory.run(kWiden, args), Error);
}

TEST_P(WidenTest, SameBitsAlways) {
  const Matrix narrow = random_matrix(DType::bf16, 1, 700, 3), wide(1, 700, 0.1f);
  expect_same_bits_always([&] { return Results{{"wide", run(place(), narrow, wide, true)}}; });
}

}  // namespace
}  // namespace ffwd::test
