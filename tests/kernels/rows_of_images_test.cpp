// goodness_rows of a shared product, whose rows show the same images: bit for bit what the rows of z
// give, the equations and their finite differences, gradients folded for each image, and CUDA against
// the CPU twin.
#include "kernels/goodness_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/goodness_rows_case.h"

namespace ffwd::test {
namespace {

using Case = GoodnessCase;

class RowsOfImagesTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(RowsOfImagesTest);

TEST_P(RowsOfImagesTest, AgreeWithTheEquationsAndTheirFiniteDifferences) {
  for (const auto& activation : kActivations) {
    for (const Goodness goodness : {Goodness::sum_squares, Goodness::sum_abs}) {
      SCOPED_TRACE(std::string(activation.name) + (goodness == Goodness::sum_abs ? ", abs" : ""));
      Case c = random_case(DType::f32, {6, 5}, 12);
      share_product(c, 3, 13);
      fold(c);
      c.activation = activation.value;
      c.goodness = goodness;
      c.threshold = 20.0f;
      c.temperature = 50.0f;
      for (float& bias : c.bias) bias += 0.125f;  // away from kinks
      const Results want = reference(c);
      Bounds bound = bounds(c, want);
      bound.dz.absolute = 1e-7;  // of the finite differences
      expect_results(run(place(), c), want, bound, c.dtype, stored);
    }
  }
}

// Of integers, whose sums are exact in any order.
TEST_P(RowsOfImagesTest, HaveTheBitsOfTheirZ) {
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int64_t shows : {1, 2, 3, 8}) {
      if (shape.rows % shows != 0) continue;
      Case c = random_case(dtype, shape, 32);
      c.bias = to_vector(random_integers(1, shape.cols, 36, 3));
      share_product(c, shows, 33);
      const Results shared = run(place(), c, layout);
      c.shared_product = {};
      expect_identical(shared, run(place(), c, layout));
    }
  });
}

TEST_P(RowsOfImagesTest, HandWorkedFoldedGradient) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c;
    c.dtype = dtype;
    c.z = Matrix(4, 2);
    c.bias = {0.0f, 0.0f};
    // Rows 0 and 2 show image 0 under labels 0 and 1: z = (6, 8), (3, 4); row 3 is -1 * (4, -3).
    c.shared_product = {Matrix(2, 2, {5, 7, /**/ 4, -3}),
                        Matrix(3, 2, {0, 0, /**/ 1, 1, /**/ 1, 1}),
                        {0, -1, 1, -1},
                        {1.0f, 1.0f, 0.5f, -1.0f}};
    c.threshold = 100.0f;
    c.temperature = 1e9f;  // every slope is a half, up to 1e-7
    fold(c);
    const Results got = run(place(), c);
    // dz = -+1/2 * 2 y / 4 rows / temperature: negative for the positive rows 0 and 1.
    const double unit = 1.0 / 4e9;
    expect_close(got.at("folded"),
                 std::vector<double>{-6 * unit + 0.5 * 3 * unit, -8 * unit + 0.5 * 4 * unit,  //
                                     -4 * unit, -3 * unit},
                 stored(dtype, stored(dtype, {0, 1e-6})), "folded");
  }
}

// The scales of rows are powers of two: only the sum of the two gradients rounds.
TEST_P(RowsOfImagesTest, FoldedGradientsAreThoseOfTheRows) {
  int64_t sums = 0, elements = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int64_t shows : {2, 3}) {
      Case c = random_case(dtype, {shows * shape.rows, shape.cols}, 37);
      share_product(c, shows, 38);
      if (shape.rows == 0) continue;
      fold(c);
      const Results got = run(place(), c, layout);
      Matrix want = folded(c, got.at("dz"));
      for (double& value : want.values) {
        value = dtype == DType::f32 ? double(float(value)) : to_float(to_bfloat16(float(value)));
      }
      expect_equal(got.at("folded"), want, "folded");
      for (int64_t i = 0; i < want.rows; ++i) {
        for (int64_t j = 0; j < want.cols; ++j) {
          const Matrix& dz = got.at("dz");
          sums += dz.at(i, j) != 0 && dz.at(i + want.rows, j) != 0 && want.at(i, j) != 0;
        }
      }
      elements += want.rows * want.cols;
      c.folds = false;
      Results unfolded = run(place(), c, layout);
      unfolded["folded"] = got.at("folded");
      expect_identical(unfolded, got);
    }
  });
  EXPECT_GT(sums, elements / 4) << "of two gradients";
}

TEST_P(RowsOfImagesTest, AnyOneOperandMayBeMisaligned) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {6, 40}, 34);
    share_product(c, 3, 35);
    fold(c);
    const Results want = run(place(), c);
    // bias, z, dz, product (4), folded, next
    for (c.misaligned = 0; c.misaligned < 9; ++c.misaligned) {
      SCOPED_TRACE("operand " + std::to_string(c.misaligned));
      expect_identical(run(place(), c), want);
    }
  }
}

TEST_P(RowsOfImagesTest, NanShowsInItsImageAndNowhereElse) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {6, 300}, 39);
    share_product(c, 2, 40);
    fold(c);
    c.shared_product.images.at(1, 299) = kNan;
    c.shared_product.row_scale[5] = NAN;  // the negative row of image 2
    const Results got = run(place(), c);
    for (int64_t i = 0; i < 3; ++i) {
      for (const int64_t j : {int64_t(0), int64_t(299)}) {
        EXPECT_EQ(std::isnan(got.at("folded").at(i, j)), i > 0) << i << " " << j;
        EXPECT_EQ(std::isnan(got.at("dz").at(i, j)), i == 1) << i << " " << j;
        EXPECT_EQ(std::isnan(got.at("dz").at(3 + i, j)), i > 0) << i << " " << j;
      }
    }
  }
}

TEST_P(RowsOfImagesTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    GoodnessRows args{};
    args.z = {nullptr, DType::f32, 4, 8, 8};
    args.bias = memory.input(std::vector<float>(8));
    args.temperature = 1.0f;
    args.positive_rows = args.negative_rows = 2;
    args.dz = memory.output("dz", DType::f32, 4, 8);
    args.goodness = memory.output<float>("goodness", 4);
    args.running = memory.inout_figures("running", Matrix(4, 3));
    args.shared_product = {
        memory.input(DType::f32, Matrix(2, 8)), memory.input(DType::f32, Matrix(3, 8)),
        memory.input(std::vector<int32_t>(4)), memory.input(std::vector<float>(4))};
    args.folded = memory.output("folded", DType::f32, 2, 8);
    break_it(args, args.shared_product);
    EXPECT_THROW(memory.run(kGoodnessRows, args), Error);
  };
  using Rows = GoodnessRows;
  using Product = SharedProduct;
  expect_error([](Rows& a, Product& p) { p.images.rows = a.folded.rows = 3; });
  expect_error([](Rows& a, Product& p) { p.images.rows = a.folded.rows = 0; });
  expect_error([](Rows& a, Product& p) { p.images.cols = a.folded.cols = 7; });
  expect_error([](Rows& a, Product& p) { p.images.dtype = a.folded.dtype = DType::bf16; });
  expect_error([](Rows&, Product& p) { p.labels.cols = 7; });
  expect_error([](Rows&, Product& p) { p.labels.dtype = DType::bf16; });
  expect_error([](Rows&, Product& p) { p.labels.rows = 1; });
  expect_error([](Rows&, Product& p) { p.label.size = 3; });
  expect_error([](Rows&, Product& p) { p.row_scale.size = 3; });
  expect_error([](Rows& a, Product&) { a.folded.rows = 1; });
  expect_error([](Rows& a, Product&) { a.folded.cols = 7; });
  expect_error([](Rows& a, Product&) { a.folded.dtype = DType::bf16; });
  expect_error([](Rows& a, Product&) { a.positive_rows = 1, a.negative_rows = 3; });
  expect_error([](Rows& a, Product&) { a.dz = {}, a.running = {}; });
  expect_error([](Rows& a, Product& p) { a.z = a.dz, p = {}; });
}

TEST_P(RowsOfImagesTest, SameBitsAlways) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {6, 1100}, 82);
    share_product(c, 3, 81);
    fold(c);
    expect_same_bits_always([&] { return run(place(), c); });
  }
}

#ifdef FFWD_TEST_CUDA
using RowsOfImagesCuda = CudaAgainstCpu;

TEST_F(RowsOfImagesCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int64_t shows : {1, 2, 3}) {
      if (shape.rows == 0) continue;
      Case c = random_case(dtype, {shows * shape.rows, shape.cols}, ++seed);
      c.goodness = seed % 2 == 0 ? Goodness::sum_abs : Goodness::sum_squares;
      c.activation = kActivations[seed % std::size(kActivations)].value;
      share_product(c, shows, seed);
      if (shows > 1) fold(c);
      const Results want = run(Place::cpu, c, layout);
      expect_results(run(Place::cuda, c, layout), want, bounds(c, want, 2.0), dtype, stored_apart);
    }
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
