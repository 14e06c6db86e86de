#include "kernels/goodness_rows.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// How row i of z is read: load() fetches a segment, values() makes numbers of it.
template <typename T>
struct WholeRow {
  using Segment = Loaded;
  __device__ WholeRow(const GoodnessRows& a, int64_t i) : z(a.z.row<T>(i)) {}
  __device__ Segment load(int64_t j, int64_t width, bool aligned) const {
    return load_segment(z, j, width, aligned);
  }
  __device__ void values(const Segment& segment, float (&value)[kVector<T>]) const {
    unpack<T>(segment, value);
  }
  const T* z;
};

template <typename T>
struct RowOfSharedProduct {
  struct Segment {
    Loaded of_image, of_label;
  };
  __device__ RowOfSharedProduct(const GoodnessRows& a, int64_t i) : row(a.shared_product, i) {}
  __device__ Segment load(int64_t j, int64_t width, bool aligned) const {
    return {load_segment(row.image, j, width, aligned), load_segment(row.label, j, width, aligned)};
  }
  __device__ void values(const Segment& segment, float (&value)[kVector<T>]) const {
    float of_label[kVector<T>];
    unpack<T>(segment.of_image, value);
    unpack<T>(segment.of_label, of_label);
    for (int k = 0; k < kVector<T>; ++k) value[k] = row.z(value[k], of_label[k]);
  }
  SharedProductRow<T> row;
};

// Segments of a row that a thread holds in registers between the two passes.
constexpr int kHeld = 2;

// One row by blockDim.x threads. Thread t owns the 16-byte segments t, t + blockDim.x, ... of the
// row in both passes, so that dz may overwrite z. The first kHeld of them, all that a row of the
// usual width has, it reads once; of others the second pass finds z in the L1 cache.
template <typename T, typename Row>
__global__ void __launch_bounds__(kRowBlockThreads)
    goodness_rows_kernel(GoodnessRows a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t i = block_row(), width = a.z.cols;
  const bool inside = i < a.z.rows;  // threads beyond the last row still take part in the sums
  const int64_t learning = a.positive_rows + a.negative_rows;
  const int64_t first = int64_t(threadIdx.x) * kVector<T>, step = int64_t(blockDim.x) * kVector<T>;

  // Zeros beyond the end, where z and bias are: every activation keeps 0.
  const Row row(a, inside ? i : 0);
  const auto activities = [&](int64_t j, const typename Row::Segment& segment,
                              float(&y)[kVector<T>]) {
    float bias[kVector<T>];
    row.values(segment, y);
    load_floats<T>(a.bias.data, j, width, aligned, bias);
    for (int k = 0; k < kVector<T>; ++k) y[k] = activation_value(a.activation, y[k] + bias[k]);
  };
  // Calls use(j, y) for each segment that this thread holds, then for the others.
  float held[kHeld][kVector<T>];
  const auto for_each_activity = [&](auto use) {
    FFWD_UNROLL
    for (int s = 0; s < kHeld; ++s) {
      if (first + s * step < width) use(first + s * step, held[s]);
    }
    for (int64_t j = first + kHeld * step; j < width; j += step) {
      float y[kVector<T>];
      activities(j, row.load(j, width, aligned), y);
      use(j, y);
    }
  };

  float terms = 0.0f, squares = 0.0f;
  if (inside) {
    typename Row::Segment segment[kHeld];  // all loads are under way before the first is used
    FFWD_UNROLL
    for (int s = 0; s < kHeld; ++s) {
      if (first + s * step < width) segment[s] = row.load(first + s * step, width, aligned);
    }
    FFWD_UNROLL
    for (int s = 0; s < kHeld; ++s) {
      if (first + s * step < width) activities(first + s * step, segment[s], held[s]);
    }
    for_each_activity([&](int64_t, const float(&y)[kVector<T>]) {
      for (int k = 0; k < kVector<T>; ++k) {
        terms += goodness_term(a.goodness_kind, y[k]);
        squares += y[k] * y[k];
      }
    });
  }
  terms = row_sum(terms, slots);
  squares = term_of(a.goodness_kind) == Term::square ? terms : row_sum(squares, slots);
  if (!inside) return;

  const float scale = goodness_scale(a.goodness_kind, width);
  const float goodness = scale * terms;
  const float next_scale = norm_scale(a.norm, squares, width);
  const bool learns = a.dz.data != nullptr && i < learning;
  const bool first_thread = threadIdx.x == 0;
  const float factor = learns ? learn_row(a, i, goodness, scale, first_thread) : 0.0f;
  if (first_thread) {
    a.goodness.data[i] = goodness;
    if (a.length.data) a.length.data[i] = 1.0f / next_scale;
  }

  const bool hands_on = a.next.data != nullptr;
  if (!hands_on && !learns) return;
  for_each_activity([&](int64_t j, const float(&y)[kVector<T>]) {
    float value[kVector<T>];
    if (learns) {
      for (int k = 0; k < kVector<T>; ++k) {
        value[k] =
            factor * goodness_slope(a.goodness_kind, y[k]) * activation_slope(a.activation, y[k]);
      }
      store_vector(a.dz.row<T>(i), j, width, aligned, value);
    }
    if (hands_on) {
      for (int k = 0; k < kVector<T>; ++k) value[k] = next_scale * y[k];
      store_vector(a.next.row<T>(i), j, width, aligned, value);
    }
  });
}

}  // namespace

namespace cuda {

void goodness_rows(const GoodnessRows& a, Stream stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool shared = a.shared_product.present();
    const bool aligned = (shared ? rows_are_aligned<T>(a.shared_product.images) &&
                                       rows_are_aligned<T>(a.shared_product.labels)
                                 : rows_are_aligned<T>(a.z)) &&
                         (a.next.data == nullptr || rows_are_aligned<T>(a.next)) &&
                         (a.dz.data == nullptr || rows_are_aligned<T>(a.dz)) && is_aligned(a.bias);
    const RowBlocks blocks = row_blocks(a.z.rows, a.z.cols, kHeld * kVector<T>);
    const auto kernel = shared ? goodness_rows_kernel<T, RowOfSharedProduct<T>>
                               : goodness_rows_kernel<T, WholeRow<T>>;
    launch(kernel, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
