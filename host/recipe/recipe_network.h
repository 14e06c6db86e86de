// What a recipe says of its network, in the engine's words.
#pragma once

#include <vector>

#include "engine/network/layer.h"
#include "host/data/dataset.h"
#include "host/recipe/recipe.h"

namespace ffwd {

// What the inputs of every layer are divided by.
Norm norm_of(const Recipe& recipe);

// How the bytes of such images become numbers.
Standardise standardise(const Recipe& recipe, const DatasetFormat& format);

// The shapes of its layers on such images. Throws RecipeError for layers that do not fit them, one
// another, or the head.
std::vector<LayerShape> layer_shapes(const Recipe& recipe, const ImageShape& image);

// The loss of every layer that learns.
std::vector<Objective> objectives(const Recipe& recipe);

// How the layers' and the head's parameters follow their gradients.
Optimiser layer_optimiser(const Recipe& recipe);
Optimiser head_optimiser(const Recipe& recipe);

}  // namespace ffwd
