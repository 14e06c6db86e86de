// What a plan needs to know of a recipe.
#pragma once

#include "host/plan/plan.h"
#include "host/recipe/recipe.h"

namespace ffwd {

// For batches of `batch` images. `activation_bytes`: 2 in bf16, else 4. Throws RecipeError if the
// layers do not fit.
PlanShape plan_shape(const Recipe& recipe, const ImageShape& image, int64_t classes, int64_t batch,
                     int64_t activation_bytes);

}  // namespace ffwd
