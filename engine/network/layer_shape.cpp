#include "engine/network/layer_shape.h"

#include <string>
#include <tuple>

#include "engine/device/buffer.h"

namespace ffwd {
namespace {

ConvolutionShape convolution_of(const LayerSpec& spec, const ImageShape& input) {
  ConvolutionShape shape;
  shape.input = input;
  shape.units = spec.units;
  shape.kernel = spec.kernel;
  shape.stride = spec.stride;
  shape.padding = spec.padding;
  shape.groups = spec.groups;
  return shape;
}

// Reads the images below as rows of all their pixels.
void flatten(LayerShape& layer, LayerShape& below, const ImageShape& image) {
  if (image.channels != padded_columns(image.channels)) {
    throw Error("a fully connected layer reads images of " + std::to_string(image.channels) +
                " channels, expected a multiple of 8");
  }
  layer.flattened = image;
  below.whole_images = true;
}

void check_size(const char* what, int64_t numbers) {
  if (numbers <= kMostNumbers) return;
  throw Error(std::to_string(numbers) + " " + what + ", expected at most " +
              std::to_string(kMostNumbers));
}

void add(std::vector<LayerShape>& shapes, const LayerSpec& spec, ImageShape& image,
         const LayerShape& common) {
  if (!spec.learns()) {
    if (shapes.empty() || !shapes.back().convolution || shapes.back().pool) {
      throw Error("a pool, expected after a convolution only");
    }
    const auto kind = spec.kind == LayerSpec::Kind::max_pool ? PoolKind::max : PoolKind::average;
    const PoolShape pool{kind, image, spec.window};
    check(pool);
    shapes.back().pool = pool;
    image = pool.output();
    return;
  }
  LayerShape layer = common;
  layer.units = spec.units;
  if (spec.kind == LayerSpec::Kind::convolution) {
    if (!shapes.empty() && !shapes.back().convolution) {
      throw Error("a convolution, expected before all fully connected layers");
    }
    layer.convolution = convolution_of(spec, image);
    check(*layer.convolution);
    layer.inputs = layer.convolution->taps() * layer.convolution->stored_channels();
    image = layer.convolution->output();
  } else {
    layer.inputs = image.values();
    if (!shapes.empty() && shapes.back().convolution) flatten(layer, shapes.back(), image);
    image = {1, 1, spec.units};
  }
  check_size("weights", layer.units * layer.inputs);
  check_size("activities of an image", image.values());
  shapes.push_back(layer);
}

}  // namespace

bool operator==(const LayerSpec& a, const LayerSpec& b) {
  const auto all = [](const LayerSpec& s) {
    return std::tie(s.kind, s.units, s.kernel, s.stride, s.padding, s.groups, s.window);
  };
  return all(a) == all(b);
}

int64_t LayerShape::fan_in() const {
  return convolution ? convolution->taps() * convolution->channels() : inputs;
}

std::vector<LayerShape> layer_shapes(const std::vector<LayerSpec>& specs, const ImageShape& images,
                                     Activation activation, Norm norm) {
  LayerShape common;
  common.activation = activation;
  common.norm = norm;
  std::vector<LayerShape> shapes;
  ImageShape image = images;
  for (size_t i = 0; i < specs.size(); ++i) {
    try {
      add(shapes, specs[i], image, common);
    } catch (const Error& error) {
      throw Error("entry " + std::to_string(i + 1) + ": " + error.what());
    }
  }
  return shapes;
}

void check_head(const std::vector<LayerShape>& shapes, size_t first) {
  for (size_t l = first; l < shapes.size(); ++l) {
    const LayerShape& shape = shapes[l];
    if (shape.whole_images || shape.pooled_pixels() == 1) continue;
    if (shape.units != padded_columns(shape.units)) {
      throw Error("the head reads images of " + std::to_string(shape.units) +
                  " channels, expected a multiple of 8, or network.head = false");
    }
  }
}

std::vector<int64_t> pytorch_columns(const LayerShape& shape) {
  std::vector<int64_t> columns;
  // `places` pixels or taps with `stored` channels each, of which the first `real` exist.
  const auto add_columns = [&](int64_t places, int64_t stored, int64_t real) {
    for (int64_t place = 0; place < places; ++place) {
      for (int64_t c = 0; c < stored; ++c) columns.push_back(c < real ? c * places + place : -1);
    }
  };
  if (shape.convolution) {
    const ConvolutionShape& s = *shape.convolution;
    add_columns(s.taps(), s.stored_channels(), s.channels());
  } else if (shape.flattened) {
    add_columns(shape.flattened->pixels(), shape.flattened->channels, shape.flattened->channels);
  } else {
    add_columns(1, shape.inputs, shape.inputs);
  }
  return columns;
}

}  // namespace ffwd
