// Labelled images in memory, as bytes: what the readers deliver and a training learns from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/device/image_shape.h"

namespace ffwd {

struct Images {
  std::vector<uint8_t> pixels;  // N x H x W x C
  std::vector<int32_t> labels;  // N, each in [0, classes)
  int64_t count = 0;            // N
  ImageShape shape;             // H, W, C
};

// What a network must know of its images.
struct DatasetFormat {
  ImageShape image;
  std::vector<std::string> class_names;  // K
  std::vector<float> mean, deviation;    // C each, of pixels / 255, as in the catalog
};

struct Dataset {
  std::string name;  // as in the catalog, e.g. "mnist"
  DatasetFormat format;
  Images train, test;
};

}  // namespace ffwd
