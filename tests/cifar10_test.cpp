// read_cifar10 turns planes into pixels, joins batches, and refuses files of another length or with
// labels out of range.

#include "host/data/cifar10.h"

#include <gtest/gtest.h>

#include "tests/data_files.h"

namespace ffwd::test {
namespace {

constexpr int64_t kAll = INT64_MAX;

// One record whose pixel at (c, y, x) is a mixture of the three and of its label.
uint8_t pixel(int label, int c, int y, int x) {
  return static_cast<uint8_t>(label * 31 + c * 101 + y * 7 + x);
}

std::string record(int label) {
  std::string bytes(1, static_cast<char>(label));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) bytes += static_cast<char>(pixel(label, c, y, x));
    }
  }
  return bytes;
}

TEST(Cifar10, JoinsBatchesAndInterleavesPlanes) {
  const TemporaryFolder folder;
  const Images images = read_cifar10({folder.write("one", record(3) + record(9)),
                                      folder.write("two.gz", gzip(record(0) + record(5))),
                                      folder.write("three.xz", xz(record(7) + record(1)))},
                                     kAll, /*images_per_batch=*/2);
  EXPECT_EQ(images.count, 6);
  EXPECT_EQ(images.shape, (ImageShape{32, 32, 3}));
  ASSERT_EQ(images.labels, (std::vector<int32_t>{3, 9, 0, 5, 7, 1}));
  ASSERT_EQ(images.pixels.size(), 6u * 32 * 32 * 3);
  size_t at = 0;
  for (const int label : images.labels) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(images.pixels[at++], pixel(label, c, y, x));
      }
    }
  }
}

TEST(Cifar10, KeepsAsManyAsAreAskedFor) {
  const TemporaryFolder folder;
  const std::vector<std::string> paths = {folder.write("one", record(3) + record(9)),
                                          folder.write("two", record(0) + record(5)),
                                          folder / "three"};  // not looked for
  const Images images = read_cifar10(paths, /*most=*/3, /*images_per_batch=*/2);
  EXPECT_EQ(images.count, 3);
  EXPECT_EQ(images.labels, (std::vector<int32_t>{3, 9, 0}));
  ASSERT_EQ(images.pixels.size(), 3u * 32 * 32 * 3);
  EXPECT_EQ(images.pixels.back(), pixel(0, 2, 31, 31));
  EXPECT_EQ(read_cifar10(paths, /*most=*/4, /*images_per_batch=*/2).count, 4);
}

TEST(Cifar10, RefusesOtherLengths) {
  const TemporaryFolder folder;
  const std::string two = record(1) + record(2);
  const std::string expected = "expected 6146 bytes: 2 records of 3073";
  const auto message = [&](const std::string& content) {
    const std::string path = folder.write("batch", content);
    const std::string said = error_of(ExitCode::data, [&] { read_cifar10({path}, kAll, 2); });
    expect_contains(said, {path, expected});
    return said;
  };
  expect_contains(message(""), {"ends at offset 0"});
  expect_contains(message(record(1)), {"ends at offset 3073"});
  expect_contains(message(two.substr(0, 6145)), {"ends at offset 6145"});
  expect_contains(message(two + "x"), {"goes on at offset 6146"});
  expect_contains(message(two + two), {"goes on at offset 6146"});
  expect_contains(message(gzip(two + "x")), {"goes on at offset 6146"});
}

TEST(Cifar10, RefusesLabelsOutOfRange) {
  const TemporaryFolder folder;
  for (const int label : {10, 255}) {
    const std::string path = folder.write("batch", record(0) + record(label));
    EXPECT_EQ(error_of(ExitCode::data, [&] { read_cifar10({path}, kAll, 2); }),
              path + ": label " + std::to_string(label) + " at offset 3073, expected 0 to 9");
  }
}

TEST(Cifar10, NamesTheBatchThatIsMissing) {
  const TemporaryFolder folder;
  const std::string good = folder.write("one", record(1)), missing = folder / "two";
  expect_contains(error_of(ExitCode::data,
                           [&] {
                             read_cifar10({good, missing}, kAll, 1);
                           }),
                  {missing, "No such file"});
}

}  // namespace
}  // namespace ffwd::test
