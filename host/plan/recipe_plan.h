// What a recipe says of its plans: their shape, the stages that learn, what these keep.
#pragma once

#include "engine/network/network.h"
#include "host/plan/plan.h"
#include "host/recipe/recipe.h"

namespace ffwd {

// For batches of `batch` images. `activation_bytes`: 2 in bf16, else 4. Throws RecipeError if the
// layers do not fit.
PlanShape plan_shape(const Recipe& recipe, const ImageShape& image, int64_t classes, int64_t batch,
                     int64_t activation_bytes);
// For this network, which was made from the recipe.
PlanShape plan_shape(const Recipe& recipe, const Network& network, int64_t batch);

// Who learns in each stage of its schedule: everything at once, or one layer after the other and then
// the head. Layers above are not run unless the head needs them.
std::vector<Stage> stages_of(const Recipe& recipe);

// Whether the layers below those that learn make the same of every step, if all steps of a stage
// learn from the same images: it is computed once then, and kept.
bool keeps_input(const Recipe& recipe, bool same_batch);

}  // namespace ffwd
