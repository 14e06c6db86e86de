// wrong_labels: never the true label, drawn with the right frequencies, decided by seed, sample and
// draw alone; extreme logits, and CUDA against the CPU twin.
#include "kernels/wrong_labels.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<WrongLabels> kWrongLabels = FFWD_TWINS(wrong_labels);

struct Case {
  std::vector<int32_t> sample, label;
  int32_t classes = 10;
  uint64_t seed = 1;
  uint32_t draw = 0;
  Matrix logits = {};  // no rows: absent
};

std::vector<int32_t> run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  WrongLabels args;
  if (c.logits.rows > 0) args.logits = memory.input(DType::f32, c.logits);
  args.sample = memory.input(c.sample);
  args.label = memory.input(c.label);
  args.classes = c.classes;
  args.seed = c.seed;
  args.step = memory.input(StepValues{0.0f, 0.0f, 0.0f, c.draw});
  args.wrong = memory.output<int32_t>("wrong", int64_t(c.label.size()));
  return to_vector<int32_t>(memory.run(kWrongLabels, args).at("wrong"));
}

// Samples 0, 1, ... of one label, all with these logits if there are any.
Case of_one_label(int32_t label, int64_t rows, const std::vector<double>& logits = {}) {
  Case c;
  for (int64_t i = 0; i < rows; ++i) {
    c.sample.push_back(int32_t(i));
    c.label.push_back(label);
    c.logits.values.insert(c.logits.values.end(), logits.begin(), logits.end());
  }
  if (logits.empty()) return c;
  c.logits.rows = rows;
  c.logits.cols = int64_t(logits.size());
  c.classes = int32_t(logits.size());
  return c;
}

void expect_wrong(int32_t got, int32_t label, int32_t classes) {
  EXPECT_NE(got, label);
  EXPECT_GE(got, 0);
  EXPECT_LT(got, classes);
}

// Below this is chi-square with `freedom` degrees in all but 1 of 1,000 cases (Wilson and
// Hilferty's approximation). Seeds are fixed: a correct kernel does not fail now and then.
double chi_square_limit(double freedom) {
  const double part = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1 - part + 3.09 * std::sqrt(part), 3);
}

void expect_frequencies(const std::vector<int32_t>& got, const std::vector<double>& probability) {
  std::vector<double> count(probability.size(), 0.0);
  for (const int32_t k : got) ++count.at(std::size_t(k));
  double chi_square = 0.0, freedom = -1.0;
  for (std::size_t k = 0; k < count.size(); ++k) {
    if (probability[k] == 0.0) {
      EXPECT_EQ(count[k], 0.0) << "label " << k;
      continue;
    }
    const double expected = probability[k] * double(got.size());
    chi_square += (count[k] - expected) * (count[k] - expected) / expected;
    ++freedom;
  }
  EXPECT_LT(chi_square, chi_square_limit(freedom));
}

class WrongLabelsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(WrongLabelsTest);

TEST_P(WrongLabelsTest, UniformFrequencies) {
  for (const int32_t label : {0, 4, 9}) {
    std::vector<double> probability(10, 1.0 / 9);
    probability[std::size_t(label)] = 0.0;
    expect_frequencies(run(place(), of_one_label(label, 20000)), probability);
  }
}

TEST_P(WrongLabelsTest, LikelyFrequencies) {
  const std::vector<double> logits = {0.0, 1.0, -1.0, 2.0, 0.5};
  for (int32_t label = 0; label < 5; ++label) {
    double total = 0.0;
    std::vector<double> probability;
    for (const double logit : logits) probability.push_back(std::exp(logit));
    probability[std::size_t(label)] = 0.0;
    for (const double weight : probability) total += weight;
    for (double& weight : probability) weight /= total;
    expect_frequencies(run(place(), of_one_label(label, 20000, logits), {3, 1}), probability);
  }
}

TEST_P(WrongLabelsTest, FollowsItsRandomNumber) {
  Case c = of_one_label(3, 300);
  c.seed = 0x123456789abcdef0;
  c.draw = 17;
  const std::vector<int32_t> got = run(place(), c);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const uint32_t bits = random_bits(c.seed, RandomUse::negatives, i, c.draw).word[0];
    EXPECT_EQ(got[i], uniform_wrong_label(3, 10, unit_interval(bits)));
  }
}

TEST_P(WrongLabelsTest, SeedAndDrawAndSampleDecideAndNothingElse) {
  const std::vector<double> logits = {0.0, 1.0, -1.0, 2.0, 0.5};
  for (const bool likely : {false, true}) {
    const Case c = of_one_label(2, 400, likely ? logits : std::vector<double>{});
    const std::vector<int32_t> first = run(place(), c);
    EXPECT_EQ(run(place(), c), first);
    Case other = c;
    other.seed = 2;
    EXPECT_NE(run(place(), other), first);
    other = c;
    other.draw = 1;
    EXPECT_NE(run(place(), other), first);

    // The samples in the other order, in a batch of their own size.
    other = c;
    other.sample.assign(c.sample.rbegin(), c.sample.rend() - 100);
    other.label.resize(300);
    other.logits.values.resize(other.logits.values.size() / 4 * 3);
    other.logits.rows = other.logits.rows / 4 * 3;
    const std::vector<int32_t> turned = run(place(), other);
    for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(turned[i], first[399 - i]);
  }
}

TEST_P(WrongLabelsTest, ExtremeLogits) {
  const std::vector<double> certain = {-kInfinity, 0.0, -kInfinity, double(-1e30f)};
  for (const int32_t got : run(place(), of_one_label(0, 200, certain))) EXPECT_EQ(got, 1);
  const std::vector<double> none = {-kInfinity, -kInfinity, kNan, kInfinity};
  for (int32_t label = 0; label < 4; ++label) {
    for (const int32_t got : run(place(), of_one_label(label, 200, none))) {
      expect_wrong(got, label, 4);
    }
  }
}

TEST_P(WrongLabelsTest, TwoClassesAndNoRows) {
  Case c = of_one_label(1, 5);
  c.classes = 2;
  EXPECT_EQ(run(place(), c), std::vector<int32_t>(5, 0));
  EXPECT_TRUE(run(place(), Case{}).empty());
}

TEST_P(WrongLabelsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    const std::vector<int32_t> two(2);
    WrongLabels args{memory.input(DType::f32, Matrix(2, 3)),
                     memory.input(two),
                     memory.input(two),
                     3,
                     1,
                     memory.input(StepValues{}),
                     memory.output<int32_t>("wrong", 2)};
    break_it(args);
    EXPECT_THROW(memory.run(kWrongLabels, args), Error);
  };
  expect_error([](WrongLabels& a) { a.classes = 1, a.logits = {}; });
  expect_error([](WrongLabels& a) { a.classes = 4; });
  expect_error([](WrongLabels& a) { a.sample.size = 1; });
  expect_error([](WrongLabels& a) { a.label.size = 3; });
  expect_error([](WrongLabels& a) { a.step.size = 0; });
  expect_error([](WrongLabels& a) { a.logits.rows = 1; });
  expect_error([](WrongLabels& a) { a.logits.dtype = DType::bf16; });
}

TEST_P(WrongLabelsTest, SameBitsAlways) {
  const Case c = of_one_label(1, 300, {0.0, 1.0, 2.0});
  const std::vector<int32_t> first = run(place(), c);
  for_each_schedule([&] { EXPECT_EQ(run(place(), c), first); });
}

#ifdef FFWD_TEST_CUDA
using WrongLabelsCuda = CudaAgainstCpu;

TEST_F(WrongLabelsCuda, UniformDrawsEqualTheCpus) {
  for (const int64_t rows : {1, 127, 128, 129, 1000}) {
    const Case c = of_one_label(4, rows);
    EXPECT_EQ(run(Place::cuda, c), run(Place::cpu, c));
  }
}

// The exponentials of the two may differ by 2 u each, so running sums by about (K + 4) u of the
// total: a draw that close to a border, (K - 1) * 2 (K + 4) u of all, may go either way. That is 1
// in 66,000.
TEST_F(WrongLabelsCuda, LikelyDrawsEqualTheCpus) {
  Case c = of_one_label(4, 3000, std::vector<double>(10, 0.0));
  c.logits = random_matrix(DType::f32, 3000, 10, 1, -4.0, 4.0);
  for (const Layout layout : kLayouts) {
    const std::vector<int32_t> got = run(Place::cuda, c, layout), want = run(Place::cpu, c, layout);
    int different = 0;
    for (std::size_t i = 0; i < got.size(); ++i) different += got[i] != want[i];
    EXPECT_LE(different, 1);
  }
}
#endif

}  // namespace
}  // namespace ffwd::test
