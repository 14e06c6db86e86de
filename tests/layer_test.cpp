// A first layer of labelled images multiplies images, not rows; its gradient is that of the rows all
// the same, with what peer normalisation adds to them.
#include "engine/network/layer.h"

#include <cmath>

#include "engine/network/image_batch.h"
#include "tests/devices.h"
#include "tests/random_plans.h"
#include "tests/random_values.h"

namespace ffwd::test {
namespace {

constexpr int64_t kImages = 5, kUnits = 6, kClasses = 3;
constexpr ImageShape kImage = {4, 5, 1};

class Layers : public OnDevice {
 protected:
  // Row by row, without padding.
  std::vector<double> download(const ConstMatrixView& m) {
    std::vector<double> values;
    with_dtype(m.dtype, [&](auto zero) {
      std::vector<decltype(zero)> stored(size_t((m.rows - 1) * m.stride + m.cols));
      device().download(stored.data(), m.data, int64_t(stored.size() * sizeof zero));
      for (int64_t i = 0; i < m.rows; ++i) {
        for (int64_t j = 0; j < m.cols; ++j) {
          values.push_back(double(to_float(stored[size_t(i * m.stride + j)])));
        }
      }
    });
    return values;
  }
  std::vector<double> download(const VectorView<const float>& v) {
    return download(ConstMatrixView(v.data, DType::f32, 1, v.size, v.size));
  }

  // The rows as they would be multiplied: their labels, then what the image has behind them.
  std::vector<double> labelled_rows(const LabelledImages& images) {
    const std::vector<double> base = download(images.base), label = download(images.label_part),
                              scale = download(images.product.row_scale);
    std::vector<double> rows;
    for (int64_t r = 0; r < images.label_part.rows; ++r) {
      for (int64_t d = 0; d < images.base.cols; ++d) {
        const int64_t pixel = r % images.base.rows * images.base.cols + d;
        rows.push_back(d < kClasses ? label[size_t(r * kClasses + d)]
                                    : scale[size_t(r)] * base[size_t(pixel)]);
      }
    }
    return rows;
  }

  void expect_gradient_of_rows(float peer_strength);
};
FFWD_IN_EVERY_PRECISION(Layers);

void Layers::expect_gradient_of_rows(float peer_strength) {
  const LayerShape shape = dense_shapes(kImage, {kUnits})[0];
  Objective objective;
  objective.threshold = objective.temperature = 3.0f;
  objective.peer_strength = peer_strength;
  Layer layer(device(), shape, objective, OptimiserKind::momentum, kImages);
  layer.set(random_values(kUnits * shape.inputs, 1, any_number),
            random_values(kUnits, 2, any_number));

  InputFormat format{kImage, {}, kClasses, 1.0f, {NormKind::l2, 1e-8f}};
  format.standardise.scale[0] = 1.0f / 255;
  ImageBatch batch(device(), format, kImages, /*shows=*/2, shape);
  std::vector<uint8_t> pixels;
  for (const float value : random_values(kImages * shape.inputs, 3, any_number)) {
    pixels.push_back(uint8_t(127 + 127 * value));
  }
  const Vector<uint8_t> on_device(device(), pixels);
  const Vector<int32_t> sample(device(), std::vector<int32_t>{3, 0, 4, 1, 2});
  const Vector<int32_t> label(device(), std::vector<int32_t>{0, 1, 2, 0, 1, /**/ 2, 0, 1, 2, 0});
  batch.gather(device(), 0, on_device.view().data, sample.view());
  batch.shared_product(device(), 0, kImages, layer.parameters());
  batch.show_labels(device(), 0, kImages, label.view(), 0);
  const LayerInput input = batch.input(0, kImages, 0, label.view());

  const int64_t rows = label.size();
  const LayerRows memory(device(), rows, shape, {}, {nullptr, nullptr});
  const LayerRows::View out = memory.view(0, 0, rows);
  const Vector<float> gradient(device(), layer.parameters().gradient_size());
  layer.goodness(device(), input, out, rows, /*hands_on=*/true);
  const std::vector<double> before = download(out.z);
  layer.gradient(device(), input, out, rows, gradient.view());

  const std::vector<double> dz = download(out.z);
  EXPECT_EQ(dz != before, peer_strength > 0) << "the push of peers";
  const std::vector<double> x_hat = labelled_rows(std::get<LabelledImages>(input));
  const std::vector<double> got = download(layer.parameters().weight_gradient(gradient.view()));
  const std::vector<double> biases = download(layer.parameters().bias_gradient(gradient.view()));
  double largest = 0.0;
  for (const double value : dz) largest = std::fmax(largest, std::fabs(value));
  ASSERT_GT(largest, 1e-3);
  for (int64_t j = 0; j < kUnits; ++j) {
    double bias = 0.0;
    for (int64_t r = 0; r < rows; ++r) bias += dz[size_t(r * kUnits + j)];
    EXPECT_NEAR(biases[size_t(j)], bias, double(rows) * rounding() * largest) << j;
    for (int64_t d = 0; d < shape.inputs; ++d) {
      double want = 0.0, size = 0.0;
      for (int64_t r = 0; r < rows; ++r) {
        want += dz[size_t(r * kUnits + j)] * x_hat[size_t(r * shape.inputs + d)];
        size += std::fabs(x_hat[size_t(r * shape.inputs + d)]);
      }
      // A row's gradient is stored, pushed and stored again; so is that of its image.
      EXPECT_NEAR(got[size_t(j * shape.inputs + d)], want,
                  (4 * rounding() + double(rows) * 0x1p-23) * largest * size)
          << j << " " << d;
    }
  }
}

TEST_P(Layers, LearnFromLabelledImagesAsFromTheirRows) {
  expect_gradient_of_rows(0.0f);
}

TEST_P(Layers, LearnTheirPeersPushFromLabelledImagesToo) {
  expect_gradient_of_rows(3.0f);
}

}  // namespace
}  // namespace ffwd::test
