// gather_images, overlay_labels and goodness_rows of a shared product together, for every label and
// the neutral one: the same as writing the label into the image, normalising the row and multiplying,
// in double.
#include <gtest/gtest.h>

#include "kernels/gather_images.h"
#include "kernels/goodness_rows.h"
#include "kernels/overlay_labels.h"
#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<GatherImages> kGatherImages = FFWD_TWINS(gather_images);
constexpr Twins<OverlayLabels> kOverlayLabels = FFWD_TWINS(overlay_labels);
constexpr Twins<GoodnessRows> kGoodnessRows = FFWD_TWINS(goodness_rows);

constexpr int64_t kImages = 3, kWidth = 36, kUnits = 7;
constexpr int32_t kClasses = 5;
constexpr int64_t kRows = (kClasses + 1) * kImages;
const std::vector<int32_t> kSample = {2, 0, 1};

struct Images {
  DType dtype = DType::f32;
  Standardise standardise;
  Norm norm;
  float label_value = 2.0f;
  std::vector<uint8_t> pixels;
  Matrix weight;
};

Matrix times_transposed(const Matrix& x, const Matrix& weight) {
  Matrix product(x.rows, weight.rows);
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t j = 0; j < weight.rows; ++j) {
      for (int64_t d = 0; d < x.cols; ++d) product.at(i, j) += x.at(i, d) * weight.at(j, d);
    }
  }
  return product;
}

// What is written under each label, the neutral one first.
Matrix written_labels(const Images& m) {
  Matrix rows(1 + kClasses, kWidth);
  for (int32_t label = kNeutralLabel; label < kClasses; ++label) {
    for (int64_t j = 0; j < int64_t(kClasses) * m.standardise.channels; ++j) {
      rows.at(1 + label, j) = double(
          overlay_value(label, int32_t(j / m.standardise.channels), kClasses, m.label_value));
    }
  }
  return rows;
}

// Row k * kImages + i: image i under label k, the last k being neutral. Matmuls run in double. "z"
// went through a leaky ReLU.
Results from_shared_product(Place place, const Images& m) {
  Memory image_memory(place);
  const Results images = image_memory.run(
      kGatherImages, {image_memory.input(m.pixels).data, image_memory.input(kSample), m.standardise,
                      kClasses, image_memory.output("base", m.dtype, kImages, kWidth),
                      image_memory.output<float>("squares", kImages)});
  std::vector<int32_t> label;
  for (int64_t r = 0; r < kRows; ++r) {
    label.push_back(r / kImages == kClasses ? kNeutralLabel : int32_t(r / kImages));
  }
  const int32_t channels = m.standardise.channels;
  Memory label_memory(place);
  Results labels = label_memory.run(
      kOverlayLabels,
      {label_memory.input(label), label_memory.input(to_vector(images.at("squares"))), kClasses,
       channels, m.label_value, m.norm, kWidth,
       label_memory.output("label_part", m.dtype, kRows, kClasses * channels),
       label_memory.output<float>("row_scale", kRows)});
  Memory memory(place);
  GoodnessRows rows{};
  rows.z = {nullptr, m.dtype, kRows, kUnits, kUnits};  // a shape
  rows.bias = memory.input(std::vector<float>(kUnits));
  rows.activation = Activation::leaky_relu;
  rows.temperature = 1.0f;
  rows.norm.kind = NormKind::none;
  rows.next = memory.output("z", m.dtype, kRows, kUnits);
  rows.goodness = memory.output<float>("goodness", kRows);
  rows.shared_product = {memory.input(m.dtype, times_transposed(images.at("base"), m.weight)),
                         memory.input(m.dtype, times_transposed(written_labels(m), m.weight)),
                         memory.input(label), memory.input(to_vector(labels.at("row_scale")))};
  labels["z"] = memory.run(kGoodnessRows, rows).at("z");
  return labels;
}

// The whole row, normalised: in double, and without sharing anything.
Matrix labelled_rows(const Images& m) {
  Matrix x_hat(kRows, kWidth);
  const int32_t channels = m.standardise.channels;
  for (int64_t r = 0; r < kRows; ++r) {
    const int64_t label = r / kImages, image = kSample[std::size_t(r % kImages)];
    std::vector<double> x;
    for (int64_t j = 0; j < kWidth; ++j) {
      const int64_t p = j / channels, channel = j % channels;
      const double byte = double(m.pixels[std::size_t(image * kWidth + j)]);
      double value =
          byte * double(m.standardise.scale[channel]) + double(m.standardise.shift[channel]);
      if (p < kClasses) value = p == label ? double(m.label_value) : 0.0;
      if (p < kClasses && label == kClasses) value = double(m.label_value) / kClasses;
      x.push_back(value);
    }
    for (int64_t j = 0; j < kWidth; ++j) x_hat.at(r, j) = x[std::size_t(j)] / length(m.norm, x);
  }
  return x_hat;
}

Matrix sizes_of(Matrix m) {
  for (double& value : m.values) value = std::fabs(value);
  return m;
}

Images random_images(DType dtype, int32_t channels, NormKind kind, bool standardised) {
  Images m;
  m.dtype = dtype;
  m.norm = {kind, 1e-3f};
  m.standardise.channels = channels;
  for (int channel = 0; channel < channels && standardised; ++channel) {
    m.standardise.scale[channel] = 0.01f + 0.005f * float(channel);
    m.standardise.shift[channel] = -1.2f - 0.3f * float(channel);
  }
  for (const double value : random_matrix(DType::f32, kImages, kWidth, 1, 0, 256).values) {
    m.pixels.push_back(uint8_t(value));
  }
  m.weight = random_matrix(dtype, kUnits, kWidth, 2);
  return m;
}

void expect_z_of_whole_rows(Place place, const Images& m) {
  const Results got = from_shared_product(place, m);
  const Matrix x_hat = labelled_rows(m);
  Matrix want = times_transposed(x_hat, m.weight);
  for (double& z : want.values) z = z < 0 ? double(kLeakySlope) * z : z;
  // A pixel is off by 2 u of at most 255 * 0.02 + 1.8, that is 14 u, ABSOLUTE. That moves the row's
  // length, relative to itself, by sqrt(n) * 14 u * scale (l2) or 14 u * scale (rms). The sum of n
  // squares adds (n / 2 + 1) u, the rest 6 u (overlay_labels_test.cpp).
  const double scale = largest(got.at("row_scale")), n = double(kWidth);
  const double pixel = 14 * kUnit * scale;
  const double relative =
      (n / 2 + 7) * kUnit + pixel * (m.norm.kind == NormKind::l2 ? std::sqrt(n) : 1.0);
  // z = sum of x_hat * weight, with |weight| <= 1, inherits both; the products of image and label,
  // their sum, the scaled one and the leaky one round to 5 u. In bf16 both products and the result
  // are stored, each half a gap off.
  const double rounding = 5 * kUnit + (m.dtype == DType::bf16 ? 3.1 * kBf16Gap / 2 : 0.0);
  const double terms = largest(times_transposed(sizes_of(x_hat), sizes_of(m.weight)));
  expect_close(got.at("z"), want, {(relative + rounding) * terms + n * pixel, 0}, "z");

  Matrix label_part(kRows, int64_t(kClasses) * m.standardise.channels);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t j = 0; j < label_part.cols; ++j) label_part.at(r, j) = x_hat.at(r, j);
  }
  expect_close(got.at("label_part"), label_part, stored(m.dtype, {0, relative + 2 * kUnit}),
               "label_part");
}

class LabelledImagesTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(LabelledImagesTest);

TEST_P(LabelledImagesTest, SharedProductsEqualTheWhole) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const int32_t channels : {1, 3}) {
      for (const NormKind kind : {NormKind::l2, NormKind::rms}) {
        for (const bool standardised : {false, true}) {
          SCOPED_TRACE(std::string(dtype == DType::f32 ? "fp32, " : "bf16, ") +
                       std::to_string(channels) + " channels, " +
                       (kind == NormKind::l2 ? "l2" : "rms") +
                       (standardised ? ", standardised" : ""));
          expect_z_of_whole_rows(place(), random_images(dtype, channels, kind, standardised));
        }
      }
    }
  }
}

}  // namespace
}  // namespace ffwd::test
