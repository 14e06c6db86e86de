// The images that a recipe asks for.
#pragma once

#include <string>

#include "host/data/dataset.h"
#include "host/recipe/recipe.h"

namespace ffwd {

// Throws RecipeError if negatives lag behind where an epoch of so many images has one step.
void require_lag_fits(const Recipe& recipe, int64_t images);

// A data set cut down to the images that a recipe asks for. Throws RecipeError when it asks for more
// than there are, or for negatives that lag behind where an epoch has one step.
Dataset cut_for(const Recipe& recipe, Dataset data);

// The same of the recipe's own data set. Throws DataError besides.
Dataset load_recipe_data(const Recipe& recipe, const std::string& data_dir);

}  // namespace ffwd
