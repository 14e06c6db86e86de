// Algorithms of products by their time: which candidate is chosen, what the file of them keeps and
// refuses; and on a GPU, that what was pinned is used again, by lanes and by later devices.
#include "engine/device/matmul_algorithms.h"

#include <cmath>

#include "engine/device/buffer.h"
#include "host/basics/file_io.h"
#include "host/device/matmul_algorithms_file.h"
#include "host/device/open_device.h"
#include "tests/devices.h"
#include "tests/random_values.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

// --- Choosing ---

using Times = std::vector<std::vector<std::optional<double>>>;  // by candidate and round

// What is chosen when measuring gives these times; `asked` gets the candidates in turn.
std::optional<size_t> choose(const Times& times, std::vector<size_t>* asked = nullptr) {
  std::vector<size_t> round(times.size());
  return fastest(times.size(), 3, [&](size_t candidate) {
    if (asked) asked->push_back(candidate);
    return times.at(candidate).at(round.at(candidate)++);
  });
}

TEST(FastestCandidate, HasTheSmallestMedian) {
  EXPECT_EQ(choose({{5, 5, 5}, {9, 4, 4}, {1, 6, 6}}), 1u);  // neither the best time nor the mean
  EXPECT_EQ(choose({{2, 2, 2}, {3, 3, 3}}), 0u);
  EXPECT_EQ(choose({{2, 2, 2}}), 0u);
}

TEST(FastestCandidate, IsTheFirstOfEquals) {
  EXPECT_EQ(choose({{3, 3, 3}, {2, 2, 2}, {1, 2, 3}, {2, 2, 2}}), 1u);
}

TEST(FastestCandidate, HasNeverFailed) {
  EXPECT_EQ(choose({{{}}, {4, 4, 4}, {3, 3, 3}}), 2u);
  EXPECT_EQ(choose({{1, 1, {}}, {4, 4, 4}}), 1u) << "in the last round";
  EXPECT_EQ(choose({{1, NAN}, {NAN}, {4, 4, 4}}), 2u);
  EXPECT_EQ(choose({{{}}, {{}}}), std::nullopt);
  EXPECT_EQ(choose({}), std::nullopt);
}

TEST(FastestCandidate, TakesTurnsWithTheOthers) {
  std::vector<size_t> asked;
  choose({{1, 1, 1}, {1, {}}, {1, 1, 1}}, &asked);
  EXPECT_EQ(asked, (std::vector<size_t>{0, 1, 2, 0, 1, 2, 0, 2}));
}

// --- The file ---

constexpr MatmulAlgorithm kOne = {{1, 2, 3, 4, 5, 6, 7, ~0ull}, false},
                          kTwo = {{0xfedcba9876543210}, true};

class MatmulAlgorithmsFile : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string file_ = folder_ / "algorithms.json";
};

TEST_F(MatmulAlgorithmsFile, ReadsBackWhatWasPinned) {
  {
    const auto algorithms = open_matmul_algorithms(file_);
    EXPECT_TRUE(algorithms->pinned.empty());
    EXPECT_TRUE(std::filesystem::exists(file_)) << "made at once, so that trouble shows early";
    algorithms->pin("GPU, cuBLASLt 1, fp32", "8 8 8", kOne);
  }
  const auto algorithms = open_matmul_algorithms(file_);
  algorithms->pin("GPU, cuBLASLt 1, bf16", "8 8 8", kTwo);
  algorithms->pin("GPU, cuBLASLt 1, fp32", "9 8 8", kTwo);

  const auto again = open_matmul_algorithms(file_);
  EXPECT_EQ(again->pinned, algorithms->pinned);
  const auto expect = [&](const char* machine, const char* product, const MatmulAlgorithm& want) {
    const MatmulAlgorithm* found = again->find(machine, product);
    ASSERT_NE(found, nullptr) << machine << ", " << product;
    EXPECT_EQ(*found, want) << machine << ", " << product;
  };
  expect("GPU, cuBLASLt 1, fp32", "8 8 8", kOne);
  expect("GPU, cuBLASLt 1, fp32", "9 8 8", kTwo);
  expect("GPU, cuBLASLt 1, bf16", "8 8 8", kTwo);
  EXPECT_EQ(again->find("GPU, cuBLASLt 1, bf16", "9 8 8"), nullptr);
  EXPECT_EQ(again->find("GPU, cuBLASLt 2, fp32", "8 8 8"), nullptr);
  EXPECT_EQ(again->find("another GPU, cuBLASLt 1, fp32", "8 8 8"), nullptr);
  EXPECT_EQ(files_in(folder_.path()), 1u);
}

TEST_F(MatmulAlgorithmsFile, IsRefusedWhenDamaged) {
  const std::string digits(129, '0'), sum = "bdff9af4";
  const auto holding = [](const std::string& algorithms) {
    return "{\"matmul_algorithms\": " + algorithms + "}";
  };
  const auto product = [&](const std::string& value) {
    return holding("{\"GPU\": {\"8 8 8\": " + value + "}}");
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", "is not well-formed JSON"},
      {product("\"" + digits + sum + "\"").substr(0, 100), "is not well-formed JSON"},
      {"{}", "was not written by --matmul-algorithms"},
      {"[]", "was not written"},
      {"{\"commit\": \"abc\"}", "was not written"},
      {"{\"matmul_algorithms\": {}, \"commit\": \"abc\"}", "was not written"},
      {holding("[]"), "was not written"},
      {holding("{\"GPU\": 1}"), "holds no algorithms for \"GPU\""},
      {holding("{\"GPU\": {}, \"GPU\": {}}"), "\"GPU\" twice"},
      {product("1"), "is damaged at product \"8 8 8\""},
      {product("null"), "is damaged"},
      {product("[]"), "is nested too deeply"},
      {product("{\"a\": {}}"), "is nested too deeply"},
      {product("\"" + digits + "\""), "is damaged"},
      {product("\"" + digits + sum + "0\""), "is damaged"},
      {product("\"1" + digits.substr(1) + sum + "\""), "is damaged"},
      {product("\"g" + digits.substr(1) + sum + "\""), "is damaged"},
      {product("\"-" + digits.substr(1) + sum + "\""), "is damaged"},
      {product("\"" + digits + "bdff9af5\""), "is damaged"},
  };
  for (const auto& [text, part] : cases) {
    put(file_, text);
    const std::string message = error_of(ExitCode::files, [&] { open_matmul_algorithms(file_); });
    expect_has(message, file_ + " ");
    expect_has(message, part);
    EXPECT_EQ(read_file(file_, 1000), text) << "left as it was";
  }
  put(file_, product("\"" + digits + sum + "\""));
  EXPECT_EQ(*open_matmul_algorithms(file_)->find("GPU", "8 8 8"), MatmulAlgorithm{});
}

TEST_F(MatmulAlgorithmsFile, IsRefusedWhereItCannotBe) {
  expect_has(error_of(ExitCode::files, [&] { open_matmul_algorithms(folder_ / "none/a.json"); }),
             "none/a.json");
  expect_has(error_of(ExitCode::files, [&] { open_matmul_algorithms(folder_.path()); }),
             folder_.path());
}

TEST_F(MatmulAlgorithmsFile, IsNotForTheCpu) {
  expect_has(error_of(ExitCode::device,
                      [&] {
                        open_device({"cpu", Precision::fp32, file_});
                      }),
             "--matmul-algorithms " + file_ + " needs a GPU");
  EXPECT_FALSE(std::filesystem::exists(file_));
}

// --- On a GPU ---

// A product with a long inner dimension, whose sums algorithms split in different ways.
class MeasuredMatmul : public OnDevice {
 protected:
  static constexpr int64_t kRows = 4096, kCols = 96, kUnits = 64;

  // Its bits, with c = addend + a^T b.
  static std::vector<float> run(Device& device) {
    const Operands o(device);
    o.queue(device);
    return o.c.download();
  }

  struct Operands {
    Matrix a, b, c;
    explicit Operands(Device& device)
        : a(device, kRows, kUnits, device.activation_type()),
          b(device, kRows, kCols, device.activation_type()),
          c(device, kUnits, kCols) {
      a.upload(random_values(kRows * kUnits, 1, any_number));
      b.upload(random_values(kRows * kCols, 2, any_number));
      c.upload(random_values(kUnits * kCols, 3, any_number));
    }
    void queue(Device& device) const {
      device.matmul(weight_gradient_product(a.view(), b.view(), c.view(), /*beta=*/1.0f));
    }
  };
};

TEST_P(MeasuredMatmul, IsPinnedForLanesAndForLaterDevices) {
  const auto table = std::make_shared<MatmulAlgorithms>();
  int saved = 0;
  table->save = [&](const MatmulAlgorithms&) { ++saved; };
  const auto first = make_cuda_device(Precision::fp32, table);
  const std::vector<float> bits = run(*first);
  EXPECT_EQ(saved, 1);
  EXPECT_EQ(run(*first), bits);
  EXPECT_EQ(run(*first->make_lane("beside")), bits);
  EXPECT_EQ(run(*make_cuda_device(Precision::fp32, table)), bits);
  EXPECT_EQ(saved, 1) << "the product must be measured once";
  run(*make_cuda_device(Precision::tf32, table));
  EXPECT_EQ(table->pinned.size(), 2u) << "each precision has its own";
}

// Whether the fastest way has them in the product's launch or after it.
TEST_P(MeasuredMatmul, HasItsSumsAsPinned) {
  const auto table = std::make_shared<MatmulAlgorithms>();
  const auto run_with_sums = [&] {
    const auto device = make_cuda_device(Precision::bf16, table);
    const Operands o(*device);
    const Vector<float> sums(*device, kUnits), scratch(*device, column_sum_scratch(kRows, kUnits));
    device->matmul(
        weight_and_bias_gradient(o.a.view(), o.b.view(), o.c.view(), sums.view(), scratch.view()));
    return std::make_pair(o.a.download(), sums.download());
  };
  const auto [a, sums] = run_with_sums();
  for (int64_t j = 0; j < kUnits; ++j) {
    double want = 0.0;
    for (int64_t i = 0; i < kRows; ++i) want += double(a[size_t(i * kUnits + j)]);
    EXPECT_NEAR(sums[size_t(j)], want, 1e-3) << "column " << j;
  }
  EXPECT_EQ(run_with_sums().second, sums) << "pinned";
  EXPECT_EQ(table->pinned.begin()->second.size(), 1u) << "the product must be measured once";
}

TEST_P(MeasuredMatmul, IsNotMeasuredInACapture) {
  const auto device = make_cuda_device(Precision::fp32, std::make_shared<MatmulAlgorithms>());
  const Operands o(*device);
  const std::vector<float> before = o.c.download();
  EXPECT_THROW(device->capture([&] { o.queue(*device); }), Error);
  EXPECT_EQ(o.c.download(), before);
  const std::vector<float> bits = run(*device);
  device->capture([&] { o.queue(*device); })->launch();
  device->wait();
  EXPECT_EQ(o.c.download(), bits);
}

// Algorithms of bf16 operands for fp32 ones.
TEST_P(MeasuredMatmul, RefusesWhatCuBlasLtCannotRun) {
  const auto narrow = std::make_shared<MatmulAlgorithms>(),
             table = std::make_shared<MatmulAlgorithms>();
  table->origin = "algorithms.json";
  run(*make_cuda_device(Precision::bf16, narrow));
  const MatmulAlgorithm other = narrow->pinned.begin()->second.begin()->second;
  run(*make_cuda_device(Precision::fp32, table));
  for (auto& [machine, products] : table->pinned) {
    for (auto& [product, algorithm] : products) algorithm = other;
  }
  const auto device = make_cuda_device(Precision::fp32, table);
  try {
    run(*device);
    FAIL() << "the algorithm must not be run";
  } catch (const RefusedAlgorithm& error) {
    expect_has(error.what(), "algorithms.json holds an algorithm for product");
  }
}

FFWD_ON_DEVICES(MeasuredMatmul, "cuda");

}  // namespace
}  // namespace ffwd::test
