// accumulate: exact, for both element types, every shape and layout, in both modes.
#include "kernels/accumulate.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<Accumulate> kAccumulate = FFWD_TWINS(accumulate);

Matrix run(Place place, DType dtype, const Matrix& term, const Matrix& sum, bool add,
           Layout term_layout = {}, Layout sum_layout = {}) {
  Memory memory(place, term_layout);
  Accumulate args;
  args.term = memory.input(dtype, term);
  memory.lay_out(sum_layout);
  args.sum = memory.inout("sum", DType::f32, sum);
  args.add = add;
  return memory.run(kAccumulate, args).at("sum");
}

class AccumulateTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(AccumulateTest);

TEST_P(AccumulateTest, ReplacesOrAdds) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Matrix term = random_matrix(dtype, shape.rows, shape.cols, ++seed);
    const Matrix before = random_integers(shape.rows, shape.cols, ++seed, 100);
    Matrix sum = before;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum.values[i] = rounded(DType::f32, before[i] + term[i]);
    }
    expect_equal(run(place(), dtype, term, before, false, layout), term, "replaced");
    expect_equal(run(place(), dtype, term, before, true, {}, layout), sum, "added");
  });
}

TEST_P(AccumulateTest, NanShowsInItsElement) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Matrix got =
        run(place(), dtype, Matrix(1, 3, {1, kNan, 2}), Matrix(1, 3, {kNan, 1, 1}), true);
    EXPECT_TRUE(std::isnan(got[0]) && std::isnan(got[1]));
    EXPECT_EQ(got[2], 3.0);
  }
}

TEST_P(AccumulateTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    Accumulate args{memory.input(DType::bf16, Matrix(2, 3)), memory.output("sum", DType::f32, 2, 3),
                    false};
    break_it(args);
    EXPECT_THROW(memory.run(kAccumulate, args), Error);
  };
  expect_error([](Accumulate& a) { a.sum.cols = 2; });
  expect_error([](Accumulate& a) { a.term.rows = 1; });
  expect_error([](Accumulate& a) { a.sum.dtype = DType::bf16; });
}

TEST_P(AccumulateTest, SameBitsAlways) {
  const Matrix term = random_matrix(DType::bf16, 7, 100, 3), sum(7, 100, 0.1f);
  expect_same_bits_always([&] {
    return Results{{"sum", run(place(), DType::bf16, term, sum, true)}};
  });
}

}  // namespace
}  // namespace ffwd::test
