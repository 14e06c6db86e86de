#include "engine/layer.h"

namespace ffwd {

LayerRows::LayerRows(Device& device, int64_t rows, const LayerShape& shape)
    : pixels_(shape.pixels()),
      pooled_pixels_(shape.pooled_pixels()),
      whole_images_(shape.whole_images),
      z_(device, rows * pixels_, shape.units, device.activation_type()),
      activities_(device, rows * pixels_, shape.units, device.activation_type()),
      goodness_(device, rows),
      loss_(device, rows * pixels_),
      length_(device, rows * pixels_) {
  if (pixels_ > 1) {
    pixel_goodness_ = Vector<float>(device, rows * pixels_);
    slope_ = Vector<float>(device, rows);
  }
  if (!shape.normalises_at_once()) {
    pooled_ = Matrix(device, rows * pooled_pixels_, shape.units, device.activation_type());
  }
}

LayerRows::View LayerRows::view(int64_t first, int64_t count) const {
  const auto pixels = [&](const auto& vector) {
    return vector.view().slice(first * pixels_, count * pixels_);
  };
  View view;
  view.z = z_.view().row_range(first * pixels_, count * pixels_);
  view.activities = activities_.view().row_range(first * pixels_, count * pixels_);
  view.goodness = goodness_.view().slice(first, count);
  view.pixel_goodness = pixels_ > 1 ? pixels(pixel_goodness_) : view.goodness;
  view.loss = pixels(loss_);
  if (pixels_ > 1) view.slope = slope_.view().slice(first, count);
  view.length = pixels(length_);
  view.handed_on = view.activities;
  if (pooled_.rows() > 0) {
    view.handed_on = pooled_.view().row_range(first * pooled_pixels_, count * pooled_pixels_);
  }
  if (whole_images_) {  // the same memory as one row an image
    const int64_t width = pooled_pixels_ * view.handed_on.cols;
    view.handed_on = {view.handed_on.data, view.handed_on.dtype, count, width, width};
  }
  return view;
}

Layer::Layer(Device& device, const LayerShape& shape, const Objective& objective,
             OptimiserKind optimiser, int64_t max_rows)
    : device_(&device),
      shape_(shape),
      objective_(objective),
      weight_(device, shape.units, shape.inputs, optimiser, device.activation_type()),
      bias_(device, 1, shape.units, optimiser, DType::f32),
      batch_mean_(device, shape.units),
      peer_push_(device, shape.units),
      column_scratch_(device, column_sum_scratch(max_rows * shape.pixels(), shape.units)),
      totals_(device, 3) {
  constexpr float kInitialMean = 0.5f;  // ffnew.m
  peer_mean_ = Vector<float>(device, std::vector<float>(size_t(shape.units), kInitialMean));
}

VectorView<const float> Layer::bias_values() const {
  return {static_cast<const float*>(bias_.value().view().data), shape_.units};
}

void Layer::set_weight(const std::vector<float>& values) {
  FFWD_EXPECT(int64_t(values.size()) == shape_.units * shape_.fan_in(),
              "a weight for every unit and input");
  const std::vector<int64_t> columns = pytorch_columns(shape_);
  std::vector<float> stored;
  for (int64_t j = 0; j < shape_.units; ++j) {
    const float* row = values.data() + j * shape_.fan_in();
    for (const int64_t column : columns) stored.push_back(column < 0 ? 0.0f : row[column]);
  }
  weight_.upload(stored);
}

std::vector<float> Layer::pytorch_weight() const {
  const std::vector<int64_t> columns = pytorch_columns(shape_);
  const std::vector<float> stored = weight_.value().download();
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
  rows.bias = bias_values();
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

void Layer::forward(const LayerInput& input, const LayerRows::View& out) {
  multiply(*device_, shape_, input, weight_, out.z);
  device_->goodness_rows(row_arguments(out));
  if (shape_.pixels() > 1) device_->image_goodness(image_arguments(out));
  hand_on(out);
}

void Layer::learn(const LayerInput& input, const LayerRows::View& out, int64_t positive,
                  int64_t negative, const Optimiser& optimiser, float rate_factor) {
  const int64_t pixels = shape_.pixels();
  const MatrixView dz = out.z.row_range(0, (positive + negative) * pixels);

  multiply(*device_, shape_, input, weight_, out.z);
  find_gradient(out, positive, negative);
  if (objective_.peer_strength > 0.0f) push_peers(out, positive * pixels);
  weight_gradient(*device_, shape_, input, dz, weight_);
  device_->column_sum({dz,
                       {},
                       1.0f,
                       {static_cast<float*>(bias_.gradient().data), shape_.units},
                       column_scratch_.view()});

  weight_.update(optimiser, rate_factor);
  Optimiser without_decay = optimiser;
  without_decay.weight_decay = 0.0f;  // decay pulls weights to zero, not biases
  bias_.update(without_decay, rate_factor);
}

// From z to goodness, loss and, in z's place, the gradient.
void Layer::find_gradient(const LayerRows::View& out, int64_t positive, int64_t negative) {
  const int64_t pixels = shape_.pixels(), images = positive + negative;
  const MatrixView dz = out.z.row_range(0, images * pixels);
  GoodnessRows rows = row_arguments(out);
  if (pixels == 1 || objective_.goodness_of == GoodnessOf::pixel) {
    rows.positive_rows = positive * pixels;
    rows.negative_rows = negative * pixels;
    rows.dz = dz;
    rows.loss = out.loss.slice(0, images * pixels);
    device_->goodness_rows(rows);
    device_->batch_means(
        {rows.loss, out.pixel_goodness, rows.positive_rows, rows.negative_rows, totals_.view()});
    return;
  }
  device_->goodness_rows(rows);
  ImageGoodness whole = image_arguments(out);
  whole.positive_rows = positive;
  whole.negative_rows = negative;
  whole.loss = out.loss.slice(0, images);
  whole.slope = out.slope.slice(0, images);
  device_->image_goodness(whole);
  device_->batch_means({whole.loss, out.goodness, positive, negative, totals_.view()});
  device_->goodness_gradient(
      {dz, bias_values(), whole.slope, pixels, shape_.activation, objective_.goodness, dz});
}

void Layer::push_peers(const LayerRows::View& out, int64_t positive_pixels) {
  const ConstMatrixView activities = out.activities.row_range(0, positive_pixels);
  device_->column_sum({activities, out.length.slice(0, positive_pixels),
                       1.0f / float(positive_pixels), batch_mean_.view(), column_scratch_.view()});
  device_->peer_normalise({batch_mean_.view(), objective_.peer_momentum, objective_.peer_strength,
                           peer_mean_.view(), peer_push_.view(),
                           out.z.row_range(0, positive_pixels)});
}

void Layer::hand_on(const LayerRows::View& out) {
  if (shape_.normalises_at_once()) return;
  const int64_t images = out.goodness.size;
  MatrixView rows = out.activities;
  if (shape_.pool) {
    const int64_t pixels = images * shape_.pool->output().pixels();
    MatrixView pooled = out.handed_on;
    if (shape_.whole_images) {
      pooled = {pooled.data, pooled.dtype, pixels, shape_.units, shape_.units};
    }
    device_->pool({*shape_.pool, out.activities, pooled});
    rows = out.handed_on;
  } else {  // whole images: the same memory, one row an image
    rows = {rows.data, rows.dtype, images, out.handed_on.cols, out.handed_on.cols};
  }
  device_->normalise_rows({rows, shape_.norm, out.handed_on});
}

}  // namespace ffwd
