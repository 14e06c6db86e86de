#include "engine/network/layer.h"

namespace ffwd {

Layer::Layer(Device& device, const LayerShape& shape, const Objective& objective,
             OptimiserKind optimiser, int64_t max_images)
    : shape_(shape),
      objective_(objective),
      parameters_(device, shape.units, shape.inputs, Parameters::Biases::one_a_unit, optimiser,
                  device.activation_type()),
      batch_mean_(device, shape.units),
      peer_push_(device, shape.units),
      column_scratch_(device, column_sum_scratch(2 * max_images * shape.pixels(), shape.units)),
      running_(device, 2 * max_images * (of_pixels() ? shape.pixels() : 1)) {
  constexpr float kInitialMean = 0.5f;  // ffnew.m
  peer_mean_ = Vector<float>(device, std::vector<float>(size_t(shape.units), kInitialMean));
}

void Layer::set(const std::vector<float>& weights, const std::vector<float>& biases) {
  FFWD_EXPECT(int64_t(weights.size()) == shape_.units * shape_.fan_in(),
              "a weight for every unit and input");
  const std::vector<int64_t> columns = pytorch_columns(shape_);
  std::vector<float> stored;
  for (int64_t j = 0; j < shape_.units; ++j) {
    const float* row = weights.data() + j * shape_.fan_in();
    for (const int64_t column : columns) stored.push_back(column < 0 ? 0.0f : row[column]);
  }
  parameters_.upload(stored, biases);
}

std::vector<float> Layer::weights() const {
  const std::vector<int64_t> columns = pytorch_columns(shape_);
  const std::vector<float> stored = parameters_.weights();
  std::vector<float> values(size_t(shape_.units * shape_.fan_in()));
  auto value = stored.begin();
  for (int64_t j = 0; j < shape_.units; ++j) {
    float* row = values.data() + j * shape_.fan_in();
    for (const int64_t column : columns) {
      if (column >= 0) row[column] = *value;
      ++value;
    }
  }
  return values;
}

// Without loss and gradient.
GoodnessRows Layer::row_arguments(const LayerRows::View& out) const {
  GoodnessRows rows{};
  rows.z = out.z;
  rows.bias = parameters_.bias();
  rows.activation = shape_.activation;
  rows.goodness_kind = objective_.goodness;
  rows.threshold = objective_.threshold;
  rows.temperature = objective_.temperature;
  rows.norm = shape_.normalises_at_once() ? shape_.norm : Norm{NormKind::none};
  rows.next = out.activities;
  rows.goodness = out.pixel_goodness;
  rows.length = out.length;
  return rows;
}

// Without loss and slope.
ImageGoodness Layer::image_arguments(const LayerRows::View& out) const {
  ImageGoodness images{};
  images.pixel_goodness = out.pixel_goodness;
  images.pixels = shape_.pixels();
  images.goodness_kind = objective_.goodness;
  images.threshold = objective_.threshold;
  images.temperature = objective_.temperature;
  images.goodness = out.goodness;
  return images;
}

// Whether pixels have a loss of their own; an image of one pixel is that pixel.
bool Layer::of_pixels() const {
  return shape_.pixels() == 1 || objective_.goodness_of == GoodnessOf::pixel;
}

void Layer::forward(Device& lane, const ConstMatrixView& x_hat, const LayerRows::View& out) {
  if (shape_.convolves()) {
    return lane.convolve({*shape_.convolution, x_hat, parameters_.operand(), out.z});
  }
  lane.matmul(forward_product(x_hat, parameters_.operand().left(x_hat.cols), out.z));
}

void Layer::goodness(Device& lane, const LayerInput& input, const LayerRows::View& out,
                     int64_t learning, bool hands_on) {
  const int64_t pixels = shape_.pixels(), half = learning / 2;
  const MatrixView dz = out.z.row_range(0, learning * pixels);
  GoodnessRows rows = row_arguments(out);
  const bool push = objective_.peer_strength > 0.0f;
  if (!hands_on && !push) rows.next = {};
  if (const auto* images = std::get_if<LabelledImages>(&input)) {
    rows.shared_product = images->product;
    if (learning > 0) rows.folded = images->folded;
  }
  if (learning > 0 && of_pixels()) {
    rows.positive_rows = rows.negative_rows = half * pixels;
    rows.dz = dz;
    rows.running = running_.view().slice(0, learning * pixels);
  }
  lane.goodness_rows(rows);
  if (pixels > 1 && !(learning > 0 && of_pixels())) {
    ImageGoodness images = image_arguments(out);
    if (learning > 0) {
      images.positive_rows = images.negative_rows = half;
      images.running = running_.view().slice(0, learning);
      images.slope = out.slope.slice(0, learning);
    }
    lane.image_goodness(images);
    if (learning > 0) {
      lane.goodness_gradient({dz, parameters_.bias(), images.slope, pixels, shape_.activation,
                              objective_.goodness, dz});
    }
  }
  if (hands_on) hand_on(lane, out);
}

void Layer::gradient(Device& lane, const LayerInput& input, const LayerRows::View& out,
                     int64_t learning, VectorView<float> gradient) {
  const int64_t pixels = learning * shape_.pixels();
  const MatrixView dz = out.z.row_range(0, pixels);
  if (objective_.peer_strength > 0.0f) push_peers(lane, input, out, pixels / 2);
  const MatrixView weight = parameters_.weight_gradient(gradient);
  const VectorView<float> bias = parameters_.bias_gradient(gradient);
  const VectorView<float> scratch = column_scratch_.view();
  if (const auto* images = std::get_if<LabelledImages>(&input)) {
    lane.matmul(weight_gradient_product(images->folded, images->base, weight));
    // The images are zero where the label is, and so are these columns of their gradient.
    const ConstMatrixView label_part = images->label_part.row_range(0, pixels);
    return lane.matmul(
        weight_and_bias_gradient(dz, label_part, weight.left(label_part.cols), bias, scratch));
  }
  const auto& x_hat = std::get<ConstMatrixView>(input);
  if (shape_.convolves()) {
    const ConvolutionShape& s = *shape_.convolution;
    lane.convolution_gradient({s, x_hat.row_range(0, learning * s.input.pixels()), dz, weight});
    return lane.column_sum({dz, {}, 1.0f, bias, scratch});
  }
  lane.matmul(weight_and_bias_gradient(dz, x_hat.row_range(0, pixels), weight.left(x_hat.cols),
                                       bias, scratch));
}

void Layer::update(Device& lane, const Optimiser& optimiser, VectorView<const StepValues> step,
                   VectorView<const float> gradient) {
  parameters_.update(lane, optimiser, step, gradient);
}

void Layer::push_peers(Device& lane, const LayerInput& input, const LayerRows::View& out,
                       int64_t positive_pixels) {
  const ConstMatrixView activities = out.activities.row_range(0, positive_pixels);
  lane.column_sum({activities, out.length.slice(0, positive_pixels), 1.0f / float(positive_pixels),
                   batch_mean_.view(), column_scratch_.view()});
  MatrixView folded;
  VectorView<const float> row_scale;
  if (const auto* images = std::get_if<LabelledImages>(&input)) {
    folded = images->folded;
    row_scale = images->product.row_scale.slice(0, positive_pixels);
  }
  lane.peer_normalise({batch_mean_.view(), objective_.peer_momentum, objective_.peer_strength,
                       peer_mean_.view(), peer_push_.view(), out.z.row_range(0, positive_pixels),
                       folded, row_scale});
}

// Pools and normalises the activities for the next layer, if that is still to be done.
void Layer::hand_on(Device& lane, const LayerRows::View& out) {
  if (shape_.normalises_at_once()) return;
  const int64_t images = out.goodness.size;
  MatrixView rows = out.activities;
  if (shape_.pool) {
    const int64_t pixels = images * shape_.pool->output().pixels();
    MatrixView pooled = out.next;
    if (shape_.whole_images) pooled = reshaped(pooled, pixels, shape_.units);
    lane.pool({*shape_.pool, out.activities, pooled});
    rows = out.next;
  } else {  // whole images: the same memory, one row an image
    rows = reshaped(rows, images, out.next.cols);
  }
  lane.normalise_rows({rows, shape_.norm, out.next});
}

}  // namespace ffwd
