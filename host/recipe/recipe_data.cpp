#include "host/recipe/recipe_data.h"

#include "host/basics/errors.h"
#include "host/data/load_dataset.h"

namespace ffwd {
namespace {

void keep_first(Images& images, int64_t count, const std::string& key) {
  if (count == 0) return;
  if (count > images.count) {
    throw RecipeError(key + " asks for " + std::to_string(count) +
                      " images, but the data set has " + std::to_string(images.count));
  }
  images.count = count;
  images.labels.resize(size_t(count));
  images.pixels.resize(size_t(count * images.shape.values()));
  images.pixels.shrink_to_fit();
}

}  // namespace

void require_lag_fits(const Recipe& recipe, int64_t images) {
  const int64_t lag = recipe.negatives.lag, batch = recipe.training.batch;
  if (lag == 0 || (0 < batch && batch < images)) return;
  throw RecipeError("negatives.lag is " + std::to_string(lag) + " while a batch holds all " +
                    std::to_string(images) + " images, so that an epoch has one step, expected 0");
}

Dataset cut_for(const Recipe& recipe, Dataset data) {
  keep_first(data.train, recipe.data.train_images, "data.train_images");
  keep_first(data.test, recipe.data.test_images, "data.test_images");
  require_lag_fits(recipe, data.train.count);
  return data;
}

Dataset load_recipe_data(const Recipe& recipe, const std::string& data_dir) {
  MostImages most;
  if (recipe.data.train_images > 0) most.train = recipe.data.train_images;
  if (recipe.data.test_images > 0) most.test = recipe.data.test_images;
  return cut_for(recipe, load_dataset(recipe.data.name, data_dir, most));
}

}  // namespace ffwd
