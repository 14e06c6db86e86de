#include "kernels/goodness_rows.h"

namespace ffwd {

void check(const GoodnessRows& a) {
  const int64_t learning = a.positive_rows + a.negative_rows;
  FFWD_EXPECT(a.next.data == nullptr || same_shape(a.z, a.next),
              "next must have the shape and type of z");
  FFWD_EXPECT(a.bias.size == a.z.cols, "bias needs one entry a column");
  FFWD_EXPECT(a.goodness.size == a.z.rows, "goodness needs one entry a row");
  FFWD_EXPECT(a.length.data == nullptr || a.length.size == a.z.rows,
              "length needs one entry a row");
  FFWD_EXPECT(a.positive_rows >= 0 && a.negative_rows >= 0 && learning <= a.z.rows,
              "positive and negative rows must be rows of z");
  FFWD_EXPECT((a.dz.data == nullptr) == (a.running.data == nullptr),
              "dz and running figures go together");
  FFWD_EXPECT(a.dz.data == nullptr ||
                  (a.dz.rows == learning && a.dz.cols == a.z.cols && a.dz.dtype == a.z.dtype),
              "dz needs a row for every positive and negative row of z");
  FFWD_EXPECT(a.running.data == nullptr || a.running.size == learning,
              "every positive and negative row has running figures");
  FFWD_EXPECT(a.temperature > 0.0f, "the temperature must be above 0");
  const SharedProduct& product = a.shared_product;
  FFWD_EXPECT(a.folded.data == nullptr || (product.present() && a.dz.data != nullptr),
              "only the gradient of a shared product is folded");
  if (!product.present()) return;
  FFWD_EXPECT(product.images.cols == a.z.cols && product.labels.cols == a.z.cols &&
                  product.images.dtype == a.z.dtype && product.labels.dtype == a.z.dtype,
              "the shared product must have the columns and type of z");
  FFWD_EXPECT(a.z.rows < int64_t(1) << 31, "rows of a shared product are counted in 32 bits");
  FFWD_EXPECT(product.images.rows > 0 && a.z.rows % product.images.rows == 0,
              "every image must be shown equally often");
  FFWD_EXPECT(product.labels.rows >= 2, "a shared product needs the neutral label and one more");
  FFWD_EXPECT(product.label.size == a.z.rows && product.row_scale.size == a.z.rows,
              "label and row_scale need one entry a row");
  FFWD_EXPECT(a.folded.data == nullptr || same_shape(a.folded, product.images),
              "folded must have the shape and type of the product of images");
  FFWD_EXPECT(a.folded.data == nullptr || (a.positive_rows == product.images.rows &&
                                           a.negative_rows == product.images.rows),
              "where gradients are folded, every image has a positive and a negative row");
}

namespace cpu {
namespace {

// `z`: column -> element of row i.
template <typename T, typename Kind, typename Function, typename Row>
void goodness_row(const GoodnessRows& a, Kind kind, Function f, int64_t i, Row z) {
  const int64_t width = a.z.cols, learning = a.positive_rows + a.negative_rows;
  const float* bias = a.bias.data;
  T* const next = a.next.data ? a.next.row<T>(i) : nullptr;

  float terms = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : terms, squares)
  for (int64_t j = 0; j < width; ++j) {
    const float y = activation_value(f, z(j) + bias[j]);
    terms += goodness_term(kind, y);
    squares += y * y;
  }
  const float scale = goodness_scale(kind, width);
  const float goodness = scale * terms;
  const float next_scale = norm_scale(a.norm, squares, width);
  a.goodness.data[i] = goodness;
  if (a.length.data) a.length.data[i] = 1.0f / next_scale;

  if (a.dz.data == nullptr || i >= learning) {
    for (int64_t j = 0; j < width && next; ++j) {
      store(next[j], next_scale * activation_value(f, z(j) + bias[j]));
    }
    return;
  }
  const float factor = learn_row(a, i, goodness, scale, /*adds=*/true);
  T* dz = a.dz.row<T>(i);
  const auto store_row = [=](auto hands_on) {
#pragma omp simd  // dz may be z: each element is read before it is written
    for (int64_t j = 0; j < width; ++j) {
      const float y = activation_value(f, z(j) + bias[j]);
      if (hands_on) store(next[j], next_scale * y);
      store(dz[j], factor * goodness_slope(kind, y) * activation_slope(f, y));
    }
  };
  next ? store_row(std::true_type()) : store_row(std::false_type());
}

template <typename T, typename Kind, typename Function>
void whole_rows(const GoodnessRows& a, Kind kind, Function f) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < a.z.rows; ++i) {
    const T* z = a.z.row<T>(i);
    goodness_row<T>(a, kind, f, i, [z](int64_t j) { return to_float(z[j]); });
  }
}

// Of the two rows that learn from image b.
template <typename T>
void fold_image(const GoodnessRows& a, int64_t b) {
  const int64_t images = a.folded.rows, width = a.folded.cols;
  T* folded = a.folded.row<T>(b);
  const T *positive = a.dz.row<T>(b), *negative = a.dz.row<T>(images + b);
  const float* scale = a.shared_product.row_scale.data;
  const float positive_scale = scale[b], negative_scale = scale[images + b];
#pragma omp simd
  for (int64_t j = 0; j < width; ++j) {
    // Negative first: g++ rounds the second product alone, as the CUDA kernel does the positive one.
    store(folded[j],
          negative_scale * to_float(negative[j]) + positive_scale * to_float(positive[j]));
  }
}

template <typename T, typename Kind, typename Function>
void rows_of_images(const GoodnessRows& a, Kind kind, Function f) {
  const int64_t images = a.shared_product.images.rows;
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < images; ++b) {
    const T* image = a.shared_product.images.row<T>(b);
    for (int64_t i = b; i < a.z.rows; i += images) {
      const ShownLabel<T> label(a.shared_product, i);
      goodness_row<T>(a, kind, f, i, [image, label](int64_t j) {
        return label.z(to_float(image[j]), to_float(label.row[j]));
      });
    }
    if (a.folded.data) fold_image<T>(a, b);
  }
}

}  // namespace

void goodness_rows(const GoodnessRows& a, Stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    with_constant(a.goodness_kind, [&](auto kind) {
      with_constant(a.activation, [&](auto f) {
        using T = decltype(zero);
        a.shared_product.present() ? rows_of_images<T>(a, kind, f) : whole_rows<T>(a, kind, f);
      });
    });
  });
}

}  // namespace cpu
}  // namespace ffwd
