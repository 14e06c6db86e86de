// Positive and negative images as the network sees them, for the report.
#pragma once

#include <vector>

#include "host/data/dataset.h"
#include "host/recipe/recipe.h"
#include "host/report/report.h"

namespace ffwd {

// The first few training images, each once with its true label written in and once with a wrong
// one; none for backpropagation, which writes no labels. Numbers that no byte stands for are black
// or white.
std::vector<SampleImage> sample_images(const Recipe& recipe, const Dataset& dataset);

}  // namespace ffwd
