// Matrix products of every device against a plain triple loop in double: exactly for small
// integers, and within the bound of an fp32 sum for random numbers. Results in bf16 are rounded.
#include <array>
#include <cmath>

#include "engine/device/buffer.h"
#include "engine/device/onednn.h"
#include "tests/devices.h"
#include "tests/random_values.h"

namespace ffwd::test {
namespace {

struct Size {
  int64_t m, n, k;
};
constexpr Size kSizes[] = {{1, 1, 1},      {3, 5, 7},      {31, 33, 32},
                           {100, 10, 500}, {64, 257, 129}, {200, 96, 784}};

class Matmuls : public OnDevice {
 protected:
  // c = op(a) op(b) + beta c on the device; `c` holds the addend.
  std::vector<float> product(const Size& s, bool ta, bool tb, const std::vector<float>& a,
                             const std::vector<float>& b, const std::vector<float>& c, float beta,
                             DType result = DType::f32) {
    Matrix da(device(), ta ? s.k : s.m, ta ? s.m : s.k, dtype()),
        db(device(), tb ? s.n : s.k, tb ? s.k : s.n, dtype()), dc(device(), s.m, s.n, result);
    da.upload(a);
    db.upload(b);
    dc.upload(c);
    device().matmul({da.view(), ta, db.view(), tb, dc.view(), beta});
    return dc.download();
  }

  // The same in double, with the sum of the absolute products beside it.
  static std::pair<double, double> entry(const Size& s, bool ta, bool tb,
                                         const std::vector<float>& a, const std::vector<float>& b,
                                         int64_t i, int64_t j) {
    double sum = 0, magnitude = 0;
    for (int64_t k = 0; k < s.k; ++k) {
      const double term = double(ta ? a[k * s.m + i] : a[i * s.k + k]) *
                          double(tb ? b[j * s.k + k] : b[k * s.n + j]);
      sum += term;
      magnitude += std::fabs(term);
    }
    return {sum, magnitude};
  }

  template <typename Draw>
  std::vector<float> values(int64_t count, uint32_t use, Draw draw) const {
    return random_values(count, use, [&](uint32_t bits) { return stored(draw(bits)); });
  }

  // |error| <= units * (K + 2) * 2^-24 * sum |products|: every order of an fp32 sum obeys it with
  // units = 1. A result that is rounded to bf16 may be off by that as well, and so may the sum for
  // operands that are rounded to TF32.
  template <typename Draw>
  void compare(Draw draw, double units) {
    compare_results(draw, units, DType::f32, 0.0);
    if (dtype() != DType::f32) compare_results(draw, units, dtype(), rounding());
  }

  template <typename Draw>
  void compare_results(Draw draw, double units, DType result, double rounded) {
    for (const Size& s : kSizes) {
      for (const bool ta : {false, true}) {
        for (const bool tb : {false, true}) {
          for (const float beta : {0.0f, 1.0f}) {
            const auto a = values(s.m * s.k, 1, draw), b = values(s.k * s.n, 2, draw),
                       c = values(s.m * s.n, 3, draw);
            const auto got = product(s, ta, tb, a, b, c, beta, result);
            ASSERT_EQ(int64_t(got.size()), s.m * s.n);
            for (int64_t i = 0; i < s.m; ++i) {
              for (int64_t j = 0; j < s.n; ++j) {
                const auto [sum, magnitude] = entry(s, ta, tb, a, b, i, j);
                const double want = sum + beta * c[i * s.n + j];
                const double allowed = units * (double(s.k + 2) * 0x1p-24 + operand_rounding()) *
                                           (magnitude + std::fabs(beta * c[i * s.n + j])) +
                                       rounded * std::fabs(want);
                ASSERT_LE(std::fabs(got[i * s.n + j] - want), allowed)
                    << s.m << "x" << s.n << "x" << s.k << (ta ? " a^T" : "") << (tb ? " b^T" : "")
                    << " beta " << beta << " at " << i << "," << j;
              }
            }
          }
        }
      }
    }
  }
};

TEST_P(Matmuls, AreExactForSmallIntegers) {
  compare([](uint32_t bits) { return float(int32_t(bits % 7) - 3); }, 0.0);
}

TEST_P(Matmuls, AreWithinTheBoundOfASum) {
  compare(any_number, 1.0);
}

// Long sums that libraries may split: with ones, a term that is lost shows.
TEST_P(Matmuls, LoseNoTermOfALongSum) {
  for (const Size& s : {Size{500, 784, 10000}, Size{2000, 784, 1024}, Size{2000, 2000, 2000},
                        Size{784, 16, 100000}}) {
    const auto ones = [](int64_t count) { return std::vector<float>(size_t(count), 1.0f); };
    const auto got =
        product(s, true, false, ones(s.m * s.k), ones(s.k * s.n), ones(s.m * s.n), 0.0f);
    EXPECT_EQ(got, std::vector<float>(size_t(s.m * s.n), float(s.k))) << s.k << " terms";
  }
}

// Small integers: exact. Gradients and what a layer saw, of rows that do and do not fill chunks.
TEST_P(Matmuls, BringTheColumnSumsOfWhatIsTransposed) {
  for (const Size& s :
       {Size{1, 1, 1}, {5, 3, 255}, {33, 17, 256}, {40, 24, 1000}, {500, 10, 20000}}) {
    const auto draw = [](uint32_t bits) { return float(int32_t(bits % 7) - 3); };
    Matrix a(device(), s.k, s.m, dtype()), b(device(), s.k, s.n, dtype()), c(device(), s.m, s.n);
    const auto host_a = values(s.k * s.m, 1, draw), host_b = values(s.k * s.n, 2, draw);
    a.upload(host_a);
    b.upload(host_b);
    const std::vector<float> guard(16, 7.0f);  // behind the sums
    const Vector<float> sums(device(), std::vector<float>(size_t(s.m) + guard.size(), guard[0]));
    const Vector<float> scratch(device(), column_sum_scratch(s.k, s.m));
    device().matmul(weight_and_bias_gradient(a.view(), b.view(), c.view(),
                                             sums.view().slice(0, s.m), scratch.view()));
    EXPECT_EQ(c.download(), product(s, true, false, host_a, host_b, c.download(), 0.0f));
    const std::vector<float> got = sums.download();
    EXPECT_EQ(std::vector<float>(got.begin() + s.m, got.end()), guard);
    for (int64_t m = 0; m < s.m; ++m) {
      float want = 0;
      for (int64_t k = 0; k < s.k; ++k) want += host_a[size_t(k * s.m + m)];
      EXPECT_EQ(got[size_t(m)], want) << "column " << m << " of " << s.k << " rows";
    }
    EXPECT_THROW(device().matmul({a.view(), true, b.view(), false, c.view(), /*beta=*/1.0f,
                                  sums.view().slice(0, s.m), scratch.view()}),
                 Error)
        << "nothing may be added to";
  }
}

// So many rows that whoever adds them up wants to share them out.
TEST_P(Matmuls, RepeatBitForBitWithTheirSums) {
  const Size s{96, 40, 20000};
  Matrix a(device(), s.k, s.m, dtype()), b(device(), s.k, s.n, dtype()), c(device(), s.m, s.n);
  a.upload(values(s.k * s.m, 1, any_number));
  b.upload(values(s.k * s.n, 2, any_number));
  const Vector<float> sums(device(), s.m), scratch(device(), column_sum_scratch(s.k, s.m));
  std::vector<float> first_c, first_sums;
  for (int repeat = 0; repeat < 20; ++repeat) {
    device().matmul(
        weight_and_bias_gradient(a.view(), b.view(), c.view(), sums.view(), scratch.view()));
    if (repeat == 0) first_c = c.download(), first_sums = sums.download();
    ASSERT_EQ(c.download(), first_c) << "repeat " << repeat;
    ASSERT_EQ(sums.download(), first_sums) << "repeat " << repeat;
  }
}

TEST_P(Matmuls, LeavePaddingAlone) {
  // 3 columns are padded to 8: the padding of every matrix must stay zero, for updates run over it.
  Matrix a(device(), 2, 3, dtype()), b(device(), 3, 3, dtype()), c(device(), 2, 3);
  a.upload({1, 2, 3, 4, 5, 6});
  b.upload({1, 0, 0, 0, 1, 0, 0, 0, 1});
  device().matmul({a.view(), false, b.view(), false, c.view()});
  EXPECT_EQ(c.download(), a.download());
  std::vector<float> all(16);
  device().download(all.data(), c.view().data, 64);
  for (const int pad : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    EXPECT_EQ(all[size_t(pad)], 0.0f) << pad;
}

// A library's plan for the first product must not serve one of the others, where an operand is
// aligned less.
TEST_P(Matmuls, OfOperandsThatAreAlignedLess) {
  const Size s{8, 8, 8};
  const auto draw = [](uint32_t bits) { return float(int32_t(bits % 7) - 3); };
  const auto host_a = values(72, 1, draw), host_b = values(72, 2, draw);
  Matrix a(device(), 9, 8, dtype()), b(device(), 9, 8, dtype()), c(device(), 9, 8);
  a.upload(host_a);
  b.upload(host_b);
  const auto eight_rows = [](const std::vector<float>& all, int64_t first) {
    return std::vector<float>(all.begin() + first * 8, all.begin() + (first + 8) * 8);
  };
  for (const auto& [at_a, at_b, at_c] :
       {std::array{0, 0, 0}, std::array{1, 0, 0}, std::array{0, 1, 0}, std::array{0, 0, 1}}) {
    device().matmul({a.view().row_range(at_a, 8), false, b.view().row_range(at_b, 8), true,
                     c.view().row_range(at_c, 8)});
    EXPECT_EQ(eight_rows(c.download(), at_c),
              product(s, false, true, eight_rows(host_a, at_a), eight_rows(host_b, at_b),
                      std::vector<float>(64), 0.0f))
        << at_a << at_b << at_c;
  }
}

TEST_P(Matmuls, RefuseShapesThatDoNotFit) {
  Matrix a(device(), 2, 3), b(device(), 4, 5), c(device(), 2, 5);
  EXPECT_THROW(device().matmul({a.view(), false, b.view(), false, c.view()}), Error);
}

TEST_P(Matmuls, OfNoRowsDoNothing) {
  Matrix a(device(), 2, 3, dtype()), b(device(), 3, 5, dtype()), c(device(), 2, 5);
  device().matmul({a.view(0), false, b.view(), false, c.view(0)});
  EXPECT_EQ(c.download(), std::vector<float>(10, 0.0f));
}

FFWD_ON_DEVICES(Matmuls, "cpu", "cpu_bf16", "cuda", "cuda_tf32", "cuda_bf16", "cuda_measured");

TEST(Onednn, SaysWhenItLacksMemory) {
  const auto fail_with = [](dnnl_status_t status) {
    with_onednn([&] { dnnl::error::wrap_c_api(status, "could not"); });
  };
  EXPECT_THROW(fail_with(dnnl_out_of_memory), OutOfMemory);
  try {
    fail_with(dnnl_runtime_error);
    FAIL() << "expected an error";
  } catch (const OutOfMemory&) {
    FAIL() << "it does not lack memory";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "oneDNN failed: could not, status 5");
  }
  EXPECT_NO_THROW(fail_with(dnnl_success));
}

}  // namespace
}  // namespace ffwd::test
