// bench/unfused_step.h on a back end. `Ops` has what is left of a framework:
//
//     map(device, rows, cols, f)            f(i, j) for every element
//     sum_rows(device, rows, cols, out, f)  out[i] = sum_j f(i, j)
#pragma once

#include <cmath>

#include "bench/unfused_step.h"
#include "kernels/wrong_labels.h"

#ifdef __CUDACC__
#define FFWD_ELEMENT [=] __device__
#else
#define FFWD_ELEMENT [=]
#endif

namespace ffwd::bench {

// A matrix as elements see it.
struct Elements {
  float* data;
  int64_t stride;
  explicit Elements(const Matrix& matrix, int64_t first_row = 0)
      : data(matrix.view().row<float>(first_row)), stride(matrix.stride()) {}
  FFWD_HD float& operator()(int64_t i, int64_t j) const { return data[i * stride + j]; }
};

// Weights (units, inputs) and behind them the biases: one launch of a framework updates all.
struct UnfusedParameters {
  UnfusedParameters(Device& device, int64_t units, int64_t inputs)
      : units(units), inputs(inputs), all(device, units * (padded_columns(inputs) + 1)) {}
  MatrixView weights() const {
    return {all.view().data, DType::f32, units, inputs, padded_columns(inputs)};
  }
  VectorView<float> biases() const { return all.view().slice(all.size() - units, units); }

  int64_t units, inputs;
  Vector<float> all;
};

// Everything that is written out on the way, for one half of the rows.
struct UnfusedHalf {
  UnfusedHalf(Device& device, int64_t rows, int64_t units, int64_t inputs)
      : length(device, rows),
        x_hat(device, rows, inputs),
        z(device, rows, units),
        a(device, rows, units),
        y(device, rows, units),
        square(device, rows, units),
        d_square(device, rows, units),
        d_y(device, rows, units),
        twice(device, rows, units),
        gradient(device, units, inputs) {}
  Vector<float> length;
  Matrix x_hat, z, a, y, square, d_square, d_y, twice;
  UnfusedParameters gradient;
};

struct UnfusedLayer {
  UnfusedLayer(Device& device, const Layer& layer, int64_t rows)
      : units(layer.shape().units),
        inputs(layer.shape().inputs),
        half{{device, rows, units, inputs}, {device, rows, units, inputs}},
        values(device, units, inputs),
        m(device, values.all.size()),
        v(device, values.all.size()),
        root(device, values.all.size()),
        goodness(device, 2, rows),
        margin(device, 2, rows),
        slope(device, 2, rows),
        loss(device, 1) {
    std::vector<float> start = with_padding(layer.weights(), units, inputs);
    const std::vector<float> biases = layer.biases();
    start.insert(start.end(), biases.begin(), biases.end());
    values.all.upload(start);
  }
  int64_t units, inputs;
  UnfusedHalf half[2];
  UnfusedParameters values;
  Vector<float> m, v, root;
  Matrix goodness, margin, slope;  // positive rows, then negative ones
  Vector<float> loss;
};

template <typename Ops>
class UnfusedStepOf final : public UnfusedStep {
 public:
  UnfusedStepOf(Device& device, const Network& network, const Recipe& recipe,
                const UnfusedBatch& batch)
      : device_(&device),
        recipe_(recipe),
        batch_(batch),
        format_(network.shape().input),
        pairs_(batch.sample.size),
        wrong_(device, pairs_),
        squares_(device, pairs_),
        base_(device, pairs_, format_.image.values()) {
    FFWD_EXPECT(device.activation_type() == DType::f32, "the unfused step computes in fp32");
    for (Matrix& shown : shown_) shown = Matrix(device, pairs_, format_.image.values());
    for (const Layer& layer : network.layers()) layers_.emplace_back(device, layer, pairs_);
    scratch_ = Vector<float>(device, column_sum_scratch(pairs_, largest_width()));
  }

  void run() override {
    ++steps_;
    show();
    const Matrix* below[2] = {&shown_[0], &shown_[1]};
    for (UnfusedLayer& layer : layers_) {
      for (int half = 0; half < 2; ++half) forward(layer, half, *below[half]);
      lose(layer);
      for (int half = 0; half < 2; ++half) backward(layer, half);
      descend(layer);
      for (int half = 0; half < 2; ++half) below[half] = &layer.half[half].y;
    }
  }

  std::vector<float> weights(size_t layer) const override {
    const UnfusedParameters& values = layers_.at(layer).values;
    return without_padding(values.all.download(values.all.size() - values.units), values.units,
                           values.inputs);
  }

 private:
  int64_t largest_width() const {
    int64_t width = 0;
    for (const UnfusedLayer& layer : layers_) width = std::max(width, layer.units);
    return width;
  }

 public:  // nvcc: functions with lambdas for the device must not be private
  template <typename F>
  void map(int64_t rows, int64_t cols, F f) {
    Ops::map(*device_, rows, cols, f);
  }

  // Every image twice, under its own label and under a wrong one.
  void show() {
    const int32_t classes = format_.classes;
    const float value = format_.label_value;
    device_->wrong_labels({{},
                           batch_.sample,
                           batch_.label.slice(0, pairs_),
                           classes,
                           recipe_.training.seed,
                           batch_.values.slice((steps_ - 1) % batch_.values.size, 1),
                           wrong_.view()});
    device_->gather_images({batch_.pixels, batch_.sample, format_.standardise, /*blank_pixels=*/0,
                            base_.view(), squares_.view()});
    for (int half = 0; half < 2; ++half) {
      const Elements base(base_), shown(shown_[half]);
      const int32_t* label = half == 0 ? batch_.label.data : wrong_.view().data;
      map(
          pairs_, base_.cols(), FFWD_ELEMENT(int64_t i, int64_t j) { shown(i, j) = base(i, j); });
      map(
          pairs_, classes, FFWD_ELEMENT(int64_t i, int64_t j) { shown(i, j) = 0.0f; });
      map(
          1, pairs_, FFWD_ELEMENT(int64_t, int64_t i) { shown(i, label[i]) = value; });
    }
  }

  void forward(UnfusedLayer& layer, int half, const Matrix& below) {
    UnfusedHalf& h = layer.half[half];
    const Elements x(below), x_hat(h.x_hat), z(h.z), a(h.a), y(h.y), square(h.square);
    const float* const bias = layer.values.biases().data;
    float* const length = h.length.view().data;
    const float eps = format_.norm.eps;
    Ops::sum_rows(
        *device_, pairs_, layer.inputs, length,
        FFWD_ELEMENT(int64_t i, int64_t j) { return x(i, j) * x(i, j); });
    map(
        1, pairs_, FFWD_ELEMENT(int64_t, int64_t i) { length[i] = sqrtf(length[i]) + eps; });
    map(
        pairs_, layer.inputs,
        FFWD_ELEMENT(int64_t i, int64_t j) { x_hat(i, j) = x(i, j) / length[i]; });
    device_->matmul(forward_product(h.x_hat.view(), layer.values.weights(), h.z.view()));
    map(
        pairs_, layer.units, FFWD_ELEMENT(int64_t i, int64_t j) { a(i, j) = z(i, j) + bias[j]; });
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { y(i, j) = a(i, j) < 0.0f ? 0.0f : a(i, j); });
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { square(i, j) = y(i, j) * y(i, j); });
    Ops::sum_rows(
        *device_, pairs_, layer.units, layer.goodness.view().template row<float>(half),
        FFWD_ELEMENT(int64_t i, int64_t j) { return square(i, j); });
    const Elements goodness(layer.goodness);
    const float share = 1.0f / float(layer.units);
    map(
        1, pairs_, FFWD_ELEMENT(int64_t, int64_t i) { goodness(half, i) *= share; });
  }

  // loss = mean softplus(margin), and its slope by goodness.
  void lose(UnfusedLayer& layer) {
    const Elements goodness(layer.goodness), margin(layer.margin), slope(layer.slope);
    const float threshold = recipe_.objective.threshold.front(),
                temperature = recipe_.objective.temperature, rows = float(2 * pairs_);
    map(
        1, pairs_, FFWD_ELEMENT(int64_t, int64_t i) { margin(0, i) = threshold - goodness(0, i); });
    map(
        1, pairs_, FFWD_ELEMENT(int64_t, int64_t i) { margin(1, i) = goodness(1, i) - threshold; });
    map(
        2, pairs_, FFWD_ELEMENT(int64_t k, int64_t i) { margin(k, i) /= temperature; });
    Ops::sum_rows(
        *device_, 1, 2 * pairs_, layer.loss.view().data,
        FFWD_ELEMENT(int64_t, int64_t i) { return log1pf(expf(margin(i % 2, i / 2))) / rows; });
    map(
        2, pairs_,
        FFWD_ELEMENT(int64_t k, int64_t i) { slope(k, i) = 1.0f / (1.0f + expf(-margin(k, i))); });
    map(
        2, pairs_, FFWD_ELEMENT(int64_t k, int64_t i) {
          slope(k, i) *= (k == 0 ? -1.0f : 1.0f) / (temperature * rows);
        });
  }

  void backward(UnfusedLayer& layer, int half) {
    UnfusedHalf& h = layer.half[half];
    const Elements y(h.y), d_square(h.d_square), twice(h.twice), d_y(h.d_y), slope(layer.slope);
    const float share = 1.0f / float(layer.units);
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { d_square(i, j) = slope(half, i) * share; });
    map(
        pairs_, layer.units, FFWD_ELEMENT(int64_t i, int64_t j) { d_y(i, j) = y(i, j); });
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { twice(i, j) = 2.0f * d_y(i, j); });
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { d_y(i, j) = d_square(i, j) * twice(i, j); });
    map(
        pairs_, layer.units,
        FFWD_ELEMENT(int64_t i, int64_t j) { d_y(i, j) = y(i, j) > 0.0f ? d_y(i, j) : 0.0f; });
    device_->column_sum({h.d_y.view(), {}, 1.0f, h.gradient.biases(), scratch_.view()});
    device_->matmul(weight_gradient_product(h.d_y.view(), h.x_hat.view(), h.gradient.weights()));
  }

  // Adam, on the gradient of both halves.
  void descend(UnfusedLayer& layer) {
    const Recipe::Optimiser& o = recipe_.optimiser;
    const float beta1 = o.beta1, beta2 = o.beta2, eps = o.eps;
    const auto t = double(steps_);
    const auto rate = float(double(o.learning_rate) / (1.0 - std::pow(double(beta1), t)));
    const auto correction = float(std::sqrt(1.0 - std::pow(double(beta2), t)));
    const auto data = [](const Vector<float>& vector) { return vector.view().data; };
    float *const g = data(layer.half[0].gradient.all), *const other =
                                                           data(layer.half[1].gradient.all);
    float *const w = data(layer.values.all), *const m = data(layer.m), *const v = data(layer.v),
                 *const root = data(layer.root);
    const int64_t size = layer.m.size();
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { g[j] += other[j]; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { m[j] *= beta1; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { m[j] += (1.0f - beta1) * g[j]; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { v[j] *= beta2; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { v[j] += (1.0f - beta2) * g[j] * g[j]; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { root[j] = sqrtf(v[j]); });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { root[j] /= correction; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { root[j] += eps; });
    map(
        1, size, FFWD_ELEMENT(int64_t, int64_t j) { w[j] -= rate * m[j] / root[j]; });
  }

 private:
  Device* device_;
  Recipe recipe_;
  UnfusedBatch batch_;
  InputFormat format_;
  int64_t pairs_, steps_ = 0;
  Vector<int32_t> wrong_;
  Vector<float> squares_;
  Matrix base_, shown_[2];
  std::vector<UnfusedLayer> layers_;
  Vector<float> scratch_;
};

}  // namespace ffwd::bench
