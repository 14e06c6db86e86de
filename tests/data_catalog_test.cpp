// The catalog is sane, data sets are found where and however they may lie, and what is not found is
// answered with the places searched and the remedy. No data set needs to be on the machine.

#include "host/data/data_catalog.h"

#include <gtest/gtest.h>

#include <cmath>

#include "host/basics/nearest_name.h"
#include "host/data/load_dataset.h"
#include "host/data/sha256.h"
#include "tests/data_files.h"

namespace ffwd::test {
namespace {

// All places that the test does not control lie in an empty folder, but for /usr/share/datasets.
class FindDataset : public ::testing::Test {
 protected:
  bool installed(const std::string& name) const {
    return std::filesystem::exists("/usr/share/datasets/" + name);
  }

  // A small MNIST (or Fashion-MNIST: same names) with images of the right shape.
  void write_mnist(const std::string& prefix, const std::string& suffix = "",
                   const std::string& train_images = "train-images-idx3-ubyte") const {
    const auto stored = [&](const std::string& content) {
      return suffix == ".gz" ? gzip(content) : suffix == ".xz" ? xz(content) : content;
    };
    folder_.write(prefix + train_images + suffix, stored(idx({4, 28, 28}, 256)));
    folder_.write(prefix + "train-labels-idx1-ubyte" + suffix, stored(idx({4}, 10)));
    folder_.write(prefix + "t10k-images-idx3-ubyte" + suffix, stored(idx({2, 28, 28}, 7)));
    folder_.write(prefix + "t10k-labels-idx1-ubyte" + suffix, stored(idx({2}, 10)));
  }

  TemporaryFolder folder_;
  Environment home_{"HOME", folder_ / "home"};
  Environment cache_{"XDG_CACHE_HOME", folder_ / "cache"};
  Environment data_{"FFWD_DATA_DIR", folder_ / "data"};
};

TEST(DataCatalog, EntriesAreComplete) {
  for (const CatalogEntry& entry : data_catalog()) {
    EXPECT_EQ(entry.format.class_names.size(), 10u) << entry.name;
    EXPECT_EQ(entry.format.mean.size(), static_cast<size_t>(entry.format.image.channels))
        << entry.name;
    EXPECT_EQ(entry.format.deviation.size(), static_cast<size_t>(entry.format.image.channels))
        << entry.name;
    EXPECT_FALSE(entry.mirrors.empty()) << entry.name;
    for (const std::string& mirror : entry.mirrors) EXPECT_EQ(mirror.back(), '/') << mirror;
    for (const DataFile& file : entry.files) {
      EXPECT_GT(file.bytes, 0u) << file.name;
      EXPECT_EQ(file.sha256.size(), 64u) << file.name;
      EXPECT_EQ(file.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
    }
  }
}

TEST(DataCatalog, UnknownNameListsTheKnownOnes) {
  expect_contains(
      error_of(ExitCode::data, [] { catalog_entry("fashon-mnist"); }),
      {"'fashon-mnist'", "mnist, fashion-mnist, cifar10", "did you mean fashion-mnist?"});
  const std::string message = error_of(ExitCode::data, [] { load_dataset("imagenet-22k"); });
  expect_contains(message, {"mnist, fashion-mnist, cifar10"});
  EXPECT_EQ(message.find("did you mean"), std::string::npos);
}

TEST(NearestName, CountsEdits) {
  const std::vector<std::string> names = {"mnist", "fashion-mnist", "cifar10"};
  EXPECT_EQ(nearest_name("mnits", names), "mnist");
  EXPECT_EQ(nearest_name("fashion_mnist", names), "fashion-mnist");
  EXPECT_EQ(nearest_name("cifar-10", names), "cifar10");
}

TEST(Sha256, KnownValues) {  // FIPS 180-2, and the empty message
  EXPECT_EQ(sha256(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(FindDataset, LooksInEachPlaceInOrder) {
  if (installed("mnist")) GTEST_SKIP() << "MNIST is installed on this machine";
  const std::string given = folder_ / "given";
  EXPECT_FALSE(find_dataset("mnist", given));
  write_mnist("cache/ffwd/mnist/");
  EXPECT_EQ(find_dataset("mnist", given), folder_ / "cache/ffwd/mnist");
  write_mnist("data/mnist/");
  EXPECT_EQ(find_dataset("mnist", given), folder_ / "data/mnist");
  write_mnist("given/");
  EXPECT_EQ(find_dataset("mnist", given), given);
  write_mnist("given/mnist/");
  EXPECT_EQ(find_dataset("mnist", given), given + "/mnist");
  EXPECT_EQ(find_dataset("mnist"), folder_ / "data/mnist");
}

TEST_F(FindDataset, CacheFallsBackToHome) {
  EXPECT_EQ(user_data_folder(), folder_ / "cache/ffwd");
  const Environment no_cache("XDG_CACHE_HOME", "");
  EXPECT_EQ(user_data_folder(), folder_ / "home/.cache/ffwd");
  const Environment no_home("HOME", "");
  EXPECT_EQ(user_data_folder(), "");
  EXPECT_EQ(data_places("").size(), 2u);
}

TEST_F(FindDataset, AnySpellingOrCompression) {
  for (const char* suffix : {"", ".gz", ".xz"}) {
    for (const char* images : {"train-images-idx3-ubyte", "train-images.idx3-ubyte"}) {
      const std::string folder = std::string("spelt") + suffix + images;
      write_mnist(folder + "/", suffix, images);
      const Dataset dataset = load_dataset("mnist", folder_ / folder);
      EXPECT_EQ(dataset.name, "mnist");
      EXPECT_EQ(dataset.format.class_names.size(), 10u);
      EXPECT_EQ(dataset.train.count, 4);
      EXPECT_EQ(dataset.test.count, 2);
      EXPECT_EQ(dataset.test.pixels[9], 2);  // 9 modulo 7
      EXPECT_EQ(dataset.format.mean, std::vector<float>{.1307f});
      EXPECT_EQ(dataset.format.deviation, std::vector<float>{.3081f});
    }
  }
}

TEST_F(FindDataset, AFolderThatLacksAFileIsPassedOver) {
  write_mnist("given/mnist/");
  write_mnist("data/mnist/");
  std::filesystem::remove(folder_ / "given/mnist/t10k-labels-idx1-ubyte");
  EXPECT_EQ(find_dataset("mnist", folder_ / "given"), folder_ / "data/mnist");
}

TEST_F(FindDataset, NotFoundNamesPlacesAndRemedy) {
  if (installed("mnist") || installed("cifar10")) GTEST_SKIP() << "installed on this machine";
  EXPECT_EQ(error_of(ExitCode::data, [&] { load_dataset("mnist", "/nowhere"); }),
            "data set 'mnist' found in none of /nowhere, " + folder_ / "data" + ", " +
                (folder_ / "cache/ffwd") + ", /usr/share/datasets: run `ffwd data fetch mnist`");
  expect_contains(error_of(ExitCode::data, [&] { load_dataset("cifar10"); }),
                  {"`ffwd data fetch cifar10`"});
}

TEST_F(FindDataset, NotFoundNamesThePackage) {
  if (installed("fashion-mnist")) GTEST_SKIP() << "Fashion-MNIST is installed on this machine";
  expect_contains(error_of(ExitCode::data, [&] { load_dataset("fashion-mnist"); }),
                  {"run `ffwd data fetch fashion-mnist` or `apt-get install "
                   "dataset-fashion-mnist`"});
}

TEST_F(FindDataset, ImagesOfAnotherShapeAreRefused) {
  write_mnist("given/");
  const std::string path = folder_.write("given/t10k-images-idx3-ubyte", idx({2, 32, 32}, 256));
  EXPECT_EQ(error_of(ExitCode::data, [&] { load_dataset("mnist", folder_ / "given"); }),
            path + ": images of 32 x 32 pixels, expected 28 x 28");
}

TEST_F(FindDataset, Cifar10ComesInSixFiles) {
  for (const DataFile& file : catalog_entry("cifar10").files) {
    folder_.write("given/cifar10/" + file.name, "");
    std::filesystem::resize_file(folder_ / "given/cifar10/" + file.name, 30730000);
  }
  const Dataset dataset = load_dataset("cifar10", folder_ / "given");
  EXPECT_EQ(dataset.train.count, 50000);
  EXPECT_EQ(dataset.test.count, 10000);
  EXPECT_EQ(dataset.train.shape.channels, 3);
  EXPECT_EQ(dataset.train.pixels.size(), 50000u * 32 * 32 * 3);
  EXPECT_EQ(dataset.format.mean.size(), 3u);
}

// Both sets use the same four names, so a folder of one must not pass for the other.
TEST(RealData, MnistIsNotTakenForFashionMnist) {
  const auto mnist = find_dataset("mnist"), fashion = find_dataset("fashion-mnist");
  if (!mnist || !fashion) GTEST_SKIP() << "needs MNIST and Fashion-MNIST on this machine";
  EXPECT_NE(find_dataset("fashion-mnist", *mnist), mnist);
  EXPECT_NE(find_dataset("mnist", *fashion), fashion);
  EXPECT_EQ(find_dataset("mnist", *mnist), mnist);
}

struct Moments {
  double mean, deviation;
};

// Of a channel's pixels / 255, in so many groups of images, on the average of the groups.
Moments moments_of(const Images& images, int64_t groups, int64_t channel) {
  const auto channels = images.shape.channels;
  const int64_t values = int64_t(images.pixels.size()) / groups, count = values / channels;
  Moments average{0, 0};
  for (int64_t g = 0; g < groups; ++g) {
    double sum = 0, squares = 0;
    for (int64_t n = g * values + channel; n < (g + 1) * values; n += channels) {
      const double pixel = images.pixels[size_t(n)] / 255.0;
      sum += pixel;
      squares += pixel * pixel;
    }
    const double mean = sum / double(count);
    average.mean += mean / double(groups);
    average.deviation += std::sqrt(squares / double(count) - mean * mean) / double(groups);
  }
  return average;
}

TEST(RealData, HasThePublishedContent) {
  int found = 0;
  for (const CatalogEntry& entry : data_catalog()) {
    const auto folder = find_dataset(entry.name);
    if (!folder) continue;
    ++found;
    for (const DataFile& file : entry.files) {
      const std::string path = *find_data_file(*folder, file);
      EXPECT_TRUE(has_content_of(path, file)) << path;
    }
    const Dataset dataset = load_dataset(entry.name);
    EXPECT_EQ(dataset.train.count + dataset.test.count,
              entry.file_format == FileFormat::idx ? 70000 : 60000);
    // CIFAR-10's deviations are those within an image, on the average of all images.
    const Images& all = dataset.train;
    const int64_t groups = entry.name == "cifar10" ? all.count : 1;
    for (int64_t c = 0; c < all.shape.channels; ++c) {
      const Moments moments = moments_of(all, groups, c);
      EXPECT_NEAR(moments.mean, entry.format.mean[size_t(c)], 1e-3) << entry.name;
      EXPECT_NEAR(moments.deviation, entry.format.deviation[size_t(c)], 1e-3) << entry.name;
    }
  }
  if (found == 0) GTEST_SKIP() << "no known data set is on this machine";
}

}  // namespace
}  // namespace ffwd::test
