// A model: a network with all that is needed to use it, in memory and as one safetensors file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/files/safetensors.h"
#include "engine/network/network.h"
#include "host/data/dataset.h"
#include "host/recipe/recipe.h"

namespace ffwd {

struct Model {
  Recipe recipe;
  DatasetFormat format;
  std::unique_ptr<Network> network;
};

// A network of the recipe's shape with weights drawn from its seed, to learn from batches of up to
// `max_images` images.
Model make_model(Device& device, const Recipe& recipe, const DatasetFormat& format,
                 int64_t max_images);

// The weights with PyTorch's names and layouts (engine/files/checkpoint.h); recipe and image format
// as metadata. The file replaces what was at `path` as a whole or not at all.
void save_model(const Model& model, const std::string& path);

// The file itself, for a network of any kind.
void save_tensors(const std::vector<LazyTensor>& tensors, const Recipe& recipe,
                  const DatasetFormat& format, const std::string& path);

// Throws FileError naming the file and what is wrong with it.
Model load_model(Device& device, const std::string& path);

}  // namespace ffwd
