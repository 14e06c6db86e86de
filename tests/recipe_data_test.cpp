// A data set is cut down to what a recipe asks for, which must be there.
#include "host/recipe/recipe_data.h"

#include <gtest/gtest.h>

#include "tests/text_check.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

TEST(RecipeData, KeepsTheFirstImages) {
  Recipe recipe = toy_recipe();
  recipe.data.train_images = 30;
  const Dataset all = toy_dataset(), cut = cut_for(recipe, all);
  EXPECT_EQ(cut.train.count, 30);
  EXPECT_EQ(cut.train.labels.size(), 30u);
  EXPECT_TRUE(
      std::equal(cut.train.pixels.begin(), cut.train.pixels.end(), all.train.pixels.begin()));
  EXPECT_EQ(cut.train.pixels.size(), 30u * 64);
  EXPECT_EQ(cut.test.count, 100);
  recipe.data.train_images = 401;
  expect_contains(error_of(ExitCode::recipe, [&] { cut_for(recipe, all); }),
                  {"data.train_images asks for 401", "has 400"});
}

TEST(RecipeData, NegativesCannotLagBehindASingleStep) {
  Recipe recipe = toy_recipe();
  recipe.negatives.lag = 2;
  for (const int64_t batch : {0, 400, 500}) {
    recipe.training.batch = batch;
    expect_contains(error_of(ExitCode::recipe, [&] { cut_for(recipe, toy_dataset()); }),
                    {"negatives.lag is 2", "all 400 images"});
  }
  recipe.training.batch = 399;
  EXPECT_NO_THROW(cut_for(recipe, toy_dataset()));
  recipe.data.train_images = 300;
  EXPECT_THROW(cut_for(recipe, toy_dataset()), RecipeError);
}

}  // namespace
}  // namespace ffwd::test
