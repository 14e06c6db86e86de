// What the layers of a network compute, from a short description of each.
#pragma once

#include <optional>
#include <vector>

#include "engine/device/convolution.h"
#include "kernels/activation.h"
#include "kernels/norm.h"

namespace ffwd {

// The most weights of a layer, and activities that it makes of an image or of a batch: more than
// any memory holds, few enough for sizes in bytes to stay far below 2^63.
constexpr int64_t kMostNumbers = int64_t(1) << 40;

// One entry of a network's description. Fully connected and convolutional layers learn; a pool only
// passes on what the layer before it made.
struct LayerSpec {
  enum class Kind { dense, convolution, max_pool, average_pool } kind = Kind::dense;
  int64_t units = 0;                                        // of layers that learn
  int64_t kernel = 1, stride = 1, padding = 0, groups = 1;  // of a convolution
  int64_t window = 2;                                       // of a pool

  bool learns() const { return kind == Kind::dense || kind == Kind::convolution; }
};

bool operator==(const LayerSpec& a, const LayerSpec& b);

// A layer that learns, fully connected or convolutional, and how it hands its activities on.
//
// One row of its input is one image, or one pixel if it is a convolution. It makes `units`
// activities for every output pixel; a fully connected layer has one such pixel.
struct LayerShape {
  int64_t inputs = 0;  // columns of the weight
  int64_t units = 0;
  Activation activation = Activation::relu;
  Norm norm;                                    // of the rows that it hands on
  std::optional<ConvolutionShape> convolution;  // else fully connected
  std::optional<PoolShape> pool;                // of its activities, before they are handed on
  std::optional<ImageShape> flattened;          // fully connected: the image that a row once was
  bool whole_images = false;                    // hands on one row an image, not one a pixel

  int64_t pixels() const { return convolution ? convolution->output().pixels() : 1; }
  // A convolution that no matrix product can do.
  bool convolves() const { return convolution && !convolution->pointwise(); }
  // Pixels of what it hands on.
  int64_t pooled_pixels() const { return pool ? pool->output().pixels() : pixels(); }
  // Its activities are normalised where they are made; else they are pooled or flattened first.
  bool normalises_at_once() const { return !pool && !whole_images; }
  // Inputs of one unit without padding.
  int64_t fan_in() const;
};

// The shapes of the layers that learn, for images of this shape. Throws ffwd::Error naming the
// entry that cannot be.
std::vector<LayerShape> layer_shapes(const std::vector<LayerSpec>& specs, const ImageShape& images,
                                     Activation activation, Norm norm);

// Throws ffwd::Error if a head cannot read what these layers, from `first` on, hand on.
void check_head(const std::vector<LayerShape>& shapes, size_t first);

// For every column of the weight as it is stored (NHWC, with padding) the column of the
// same number in PyTorch's Linear or Conv2d weight, (units, fan_in) in the order channel, row,
// column; -1 for padding.
std::vector<int64_t> pytorch_columns(const LayerShape& shape);

}  // namespace ffwd
