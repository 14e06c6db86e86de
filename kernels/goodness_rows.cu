#include "kernels/goodness_rows.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// The rows of z that a group of threads takes, kRows of them, and how it reads them: load() fetches
// a segment of all, values() makes numbers of one row's. Groups and rows may lie beyond the last
// row; what they read is then another's. A thread holds kHeld segments in registers between its two
// passes, as many as a row of the usual width has for it; kBlocks blocks fit on a multiprocessor.

template <typename T>
struct WholeRow {
  static constexpr int kRows = 1, kHeld = 2, kBlocks = 4;
  using Segment = Loaded;

  __device__ WholeRow(const GoodnessRows& a, int64_t group)
      : index(group), z(a.z.row<T>(group < a.z.rows ? group : 0)) {}
  __device__ int64_t row(int) const { return index; }
  __device__ Segment load(int64_t j, int64_t width, bool aligned) const {
    return load_segment(z, j, width, aligned);
  }
  __device__ void values(const Segment& segment, int, float (&value)[kVector<T>]) const {
    unpack<T>(segment, value);
  }

  int64_t index;
  const T* z;
};

// Two rows that show the same image, as the positive and the negative one do.
template <typename T>
struct RowsOfImage {
  static constexpr int kRows = 2, kHeld = 8 / kVector<T>, kBlocks = 3;
  struct Segment {
    Loaded of_image, of_label[kRows];
  };

  __device__ RowsOfImage(const GoodnessRows& a, int64_t group)
      : images(uint32_t(a.shared_product.images.rows)),  // in 64 bits a division is a call
        image(uint32_t(group) % images),
        first(image + int64_t(uint32_t(group) / images) * kRows * images),
        product(a.shared_product.images.row<T>(image)),
        shown{{a.shared_product, row(0) < a.z.rows ? row(0) : 0},
              {a.shared_product, row(1) < a.z.rows ? row(1) : 0}} {}
  __device__ int64_t row(int r) const { return first + r * int64_t(images); }
  __device__ Segment load(int64_t j, int64_t width, bool aligned) const {
    return {load_segment(product, j, width, aligned),
            {load_segment(shown[0].row, j, width, aligned),
             load_segment(shown[1].row, j, width, aligned)}};
  }
  __device__ void values(const Segment& segment, int r, float (&value)[kVector<T>]) const {
    float of_label[kVector<T>];
    unpack<T>(segment.of_image, value);
    unpack<T>(segment.of_label[r], of_label);
    for (int k = 0; k < kVector<T>; ++k) value[k] = shown[r].z(value[k], of_label[k]);
  }

  uint32_t images, image;
  int64_t first;
  const T* product;
  ShownLabel<T> shown[kRows];
};

// Adds the gradient of a row, as it is stored, to that of its image's product.
template <typename T>
__device__ void fold(float row_scale, const float (&dz)[kVector<T>], float (&sum)[kVector<T>]) {
  for (int k = 0; k < kVector<T>; ++k) {
    T stored;
    store(stored, dz[k]);
    sum[k] += row_scale * to_float(stored);
  }
}

// A segment of each row of a group, as numbers.
template <typename T, typename Rows>
struct Values {
  float row[Rows::kRows][kVector<T>];
};

// A group is blockDim.x threads. Thread t owns the 16-byte segments t, t + blockDim.x, ... of its
// rows in both passes, so that dz may overwrite z. The first kHeld of them it reads once; of others
// the second pass finds z in the L1 cache.
template <typename T, typename Rows>
__global__ void __launch_bounds__(kRowBlockThreads, Rows::kBlocks)
    goodness_rows_kernel(GoodnessRows a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  constexpr int kRows = Rows::kRows, kHeld = Rows::kHeld;
  const int64_t width = a.z.cols;
  const int64_t first = int64_t(threadIdx.x) * kVector<T>, step = int64_t(blockDim.x) * kVector<T>;

  // Zeros beyond the end, where z and bias are: every activation keeps 0.
  const Rows rows(a, block_row());
  const auto activities = [&](int64_t j, const typename Rows::Segment& segment,
                              Values<T, Rows>& y) {
    float bias[kVector<T>];
    load_floats<T>(a.bias.data, j, width, aligned, bias);
    FFWD_UNROLL
    for (int r = 0; r < kRows; ++r) {
      rows.values(segment, r, y.row[r]);
      for (int k = 0; k < kVector<T>; ++k) {
        y.row[r][k] = activation_value(a.activation, y.row[r][k] + bias[k]);
      }
    }
  };
  // Calls use(j, y) for each segment that this thread holds, then for the others.
  Values<T, Rows> held[kHeld];
  const auto for_each_activity = [&](auto use) {
    FFWD_UNROLL
    for (int s = 0; s < kHeld; ++s) {
      if (first + s * step < width) use(first + s * step, held[s]);
    }
    for (int64_t j = first + kHeld * step; j < width; j += step) {
      Values<T, Rows> y;
      activities(j, rows.load(j, width, aligned), y);
      use(j, y);
    }
  };

  typename Rows::Segment segment[kHeld];  // all loads are under way before the first is used
  FFWD_UNROLL
  for (int s = 0; s < kHeld; ++s) {
    if (first + s * step < width) segment[s] = rows.load(first + s * step, width, aligned);
  }
  FFWD_UNROLL
  for (int s = 0; s < kHeld; ++s) {
    if (first + s * step < width) activities(first + s * step, segment[s], held[s]);
  }
  float terms[kRows] = {}, squares[kRows] = {};
  for_each_activity([&](int64_t, const Values<T, Rows>& y) {
    FFWD_UNROLL
    for (int r = 0; r < kRows; ++r) {
      for (int k = 0; k < kVector<T>; ++k) {
        terms[r] += goodness_term(a.goodness_kind, y.row[r][k]);
        squares[r] += y.row[r][k] * y.row[r][k];
      }
    }
  });

  const float scale = goodness_scale(a.goodness_kind, width);
  const bool first_thread = threadIdx.x == 0;
  bool inside[kRows], learns[kRows];
  float factor[kRows], next_scale[kRows];
  FFWD_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const int64_t i = rows.row(r);
    inside[r] = i < a.z.rows;  // threads beyond the last row still take part in the sums
    learns[r] = a.dz.data != nullptr && i < a.positive_rows + a.negative_rows;
    terms[r] = row_sum(terms[r], slots);
    if (term_of(a.goodness_kind) == Term::square) {
      squares[r] = terms[r];
    } else {
      squares[r] = row_sum(squares[r], slots);
    }
    const float goodness = scale * terms[r];
    next_scale[r] = norm_scale(a.norm, squares[r], width);
    factor[r] = learns[r] ? learn_row(a, i, goodness, scale, first_thread) : 0.0f;
    if (inside[r] && first_thread) {
      a.goodness.data[i] = goodness;
      if (a.length.data) a.length.data[i] = 1.0f / next_scale[r];
    }
  }

  const bool hands_on = a.next.data != nullptr, folds = a.folded.data != nullptr && learns[0];
  if (!hands_on && a.dz.data == nullptr) return;
  for_each_activity([&](int64_t j, const Values<T, Rows>& y) {
    float value[kVector<T>], folded[kVector<T>] = {};
    FFWD_UNROLL
    for (int r = 0; r < kRows; ++r) {
      if (learns[r]) {
        for (int k = 0; k < kVector<T>; ++k) {
          value[k] = factor[r] * goodness_slope(a.goodness_kind, y.row[r][k]) *
                     activation_slope(a.activation, y.row[r][k]);
        }
        store_vector(a.dz.row<T>(rows.row(r)), j, width, aligned, value);
        if constexpr (kRows > 1) fold<T>(rows.shown[r].scale, value, folded);
      }
      if (hands_on && inside[r]) {
        for (int k = 0; k < kVector<T>; ++k) value[k] = next_scale[r] * y.row[r][k];
        store_vector(a.next.row<T>(rows.row(r)), j, width, aligned, value);
      }
    }
    if constexpr (kRows > 1) {
      if (folds) store_vector(a.folded.row<T>(rows.image), j, width, aligned, folded);
    }
  });
}

template <typename T, typename Rows>
void launch_groups(const GoodnessRows& a, int64_t groups, bool aligned, Stream stream) {
  const RowBlocks blocks = row_blocks(groups, a.z.cols, Rows::kHeld * kVector<T>);
  launch(goodness_rows_kernel<T, Rows>, blocks.grid, blocks.block, stream, a, aligned);
}

}  // namespace

namespace cuda {

void goodness_rows(const GoodnessRows& a, Stream stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const SharedProduct& p = a.shared_product;
    const bool aligned = (a.next.data == nullptr || rows_are_aligned<T>(a.next)) &&
                         (a.dz.data == nullptr || rows_are_aligned<T>(a.dz)) && is_aligned(a.bias);
    if (!p.present()) {
      return launch_groups<T, WholeRow<T>>(a, a.z.rows, aligned && rows_are_aligned<T>(a.z),
                                           stream);
    }
    constexpr int64_t kRows = RowsOfImage<T>::kRows;
    const int64_t shown = a.z.rows / p.images.rows;
    launch_groups<T, RowsOfImage<T>>(
        a, (shown + kRows - 1) / kRows * p.images.rows,
        aligned && rows_are_aligned<T>(p.images) && rows_are_aligned<T>(p.labels) &&
            (a.folded.data == nullptr || rows_are_aligned<T>(a.folded)),
        stream);
  });
}

}  // namespace cuda
}  // namespace ffwd
