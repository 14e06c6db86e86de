// Layers as a recipe writes them: 500 (units, fully connected), "conv 64 k5 p2 s2 g1" (units,
// kernel, padding, stride, groups; all but the units may be left out), "maxpool 2", "avgpool 2".
#pragma once

#include <string>
#include <vector>

#include "engine/network/layer_shape.h"

namespace ffwd {

// A kind of value (host/recipe/recipe_kinds.h).
struct LayerEntry {
  std::string expected() const;
  std::vector<std::string> words() const { return {}; }
  bool read(const std::string& word, LayerSpec& layer) const;
  std::string write(const LayerSpec& layer) const;
};

// The layer as people read it: "500" or "conv 64 k5 p2".
std::string layer_text(const LayerSpec& layer);

}  // namespace ffwd
