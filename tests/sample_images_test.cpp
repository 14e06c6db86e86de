// The samples of a report show labels where and as the network reads them.
#include "host/report/sample_images.h"

#include <gtest/gtest.h>

#include "host/data/png.h"
#include "tests/temporary_folder.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

class Samples : public ::testing::Test {
 protected:
  // Sample `index` as bytes.
  std::vector<uint8_t> pixels(const Recipe& recipe, size_t index) {
    const auto png = sample_images(recipe, data_).at(index).png;
    const std::string path = folder_.write("sample.png", {png.begin(), png.end()});
    return read_png(path, data_.format.image.channels).pixels;
  }

  const Dataset data_ = toy_dataset();
  TemporaryFolder folder_;
};

TEST_F(Samples, HaveTheLabelInTheFirstPixels) {
  const Recipe recipe = toy_recipe();  // not standardised, label value 1
  const std::vector<uint8_t> got = pixels(recipe, 2);
  ASSERT_EQ(got.size(), 64u);
  for (size_t j = 0; j < 64; ++j) {
    const uint8_t of_image = data_.train.pixels[64 + j];
    EXPECT_EQ(got[j], j == 1 ? 255 : j < 5 ? 0 : of_image) << j;  // image 1 is of class 1
  }
  EXPECT_EQ(sample_images(recipe, data_).at(2).caption, "positive: b");
}

TEST_F(Samples, ShowNumbersAsTheBytesThatTheyStandFor) {
  Recipe recipe = toy_recipe();
  recipe.data.standardise = true;  // mean 0.5, deviation 0.25
  recipe.data.label_value = 1.0f;
  const std::vector<uint8_t> got = pixels(recipe, 0);
  EXPECT_EQ(got[0], 191);           // 255 * (0.5 + 0.25)
  EXPECT_NEAR(got[1], 127.5, 0.6);  // 0 stands for the mean
  EXPECT_EQ(got[9], data_.train.pixels[9]);
}

TEST_F(Samples, HaveWavesAllOver) {
  Recipe recipe = toy_recipe();
  recipe.data.label_place = LabelPlace::waves;
  recipe.data.label_value = 0.2f;
  const std::vector<uint8_t> got = pixels(recipe, 0);
  const std::vector<float> waves = label_waves(5, {8, 8, 1});
  for (size_t j = 0; j < 64; ++j) {
    const float want = float(data_.train.pixels[j]) + 255 * 0.2f * waves[j];
    EXPECT_NEAR(got[j], std::min(255.0f, std::max(0.0f, want)), 0.51f) << j;
  }
}

TEST_F(Samples, AreNoneWhereNoLabelIsWritten) {
  Recipe recipe = toy_recipe();
  recipe.training.algorithm = Algorithm::backprop;
  EXPECT_TRUE(sample_images(recipe, data_).empty());
}

}  // namespace
}  // namespace ffwd::test
