#include "kernels/goodness_rows.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// The rows of z that a group of threads takes, kRows of them, and how it reads them: load() fetches
// a segment of all, values() makes numbers of one row's. A thread holds kHeld segments in registers
// between its two passes, as many as a row of the usual width has for it. kBlocks blocks are to fit
// on a multiprocessor: what two rows hold leaves room for one less.

template <typename T>
struct WholeRow {
  static constexpr int kRows = 1, kHeld = 2, kBlocks = 4;
  using Segment = Loaded;

  __device__ WholeRow(const GoodnessRows& a, int64_t group) : index(group), z(a.z.row<T>(group)) {}
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

// Rows that show the same image: one, or two together, as the positive and the negative one are.
// The groups of an image follow one another: for all but the first its product is in a cache.
template <typename T, int kRowsOfGroup>
struct RowsOfImage {
  static constexpr int kRows = kRowsOfGroup, kBlocks = kRows == 1 ? 4 : 3;
  static constexpr int kHeld = kRows == 1 ? 2 : 8 / kVector<T>;  // of two rows: 16 numbers
  struct Segment {
    Loaded of_image, of_label[kRows];
  };

  // In 32 bits, for in 64 a division is a call.
  FFWD_HD static uint32_t groups_of_image(const GoodnessRows& a) {
    return (uint32_t(a.z.rows) / uint32_t(a.shared_product.images.rows) + kRows - 1) / kRows;
  }

  __device__ RowsOfImage(const GoodnessRows& a, int64_t group)
      : images(a.shared_product.images.rows) {
    const uint32_t groups = groups_of_image(a), wanted = uint32_t(group) / groups;
    const bool exists = wanted < images;
    image = exists ? wanted : 0;
    first = exists ? image + uint32_t(group) % groups * kRows * images : a.z.rows;
    product = a.shared_product.images.row<T>(image);
    for (int r = 0; r < kRows; ++r) {  // a row beyond the last one reads as the image's first
      shown[r] = ShownLabel<T>(a.shared_product, row(r) < a.z.rows ? row(r) : image);
    }
  }
  __device__ int64_t row(int r) const { return first + r * images; }
  __device__ Segment load(int64_t j, int64_t width, bool aligned) const {
    Segment segment;
    segment.of_image = load_segment(product, j, width, aligned);
    for (int r = 0; r < kRows; ++r) {
      segment.of_label[r] = load_segment(shown[r].row, j, width, aligned);
    }
    return segment;
  }
  __device__ void values(const Segment& segment, int r, float (&value)[kVector<T>]) const {
    float of_label[kVector<T>];
    unpack<T>(segment.of_image, value);
    unpack<T>(segment.of_label[r], of_label);
    for (int k = 0; k < kVector<T>; ++k) value[k] = shown[r].z(value[k], of_label[k]);
  }

  int64_t images, image, first;
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
  const Rows rows(a, block_row());
  const int64_t width = a.z.cols;
  const int64_t end = rows.row(0) < a.z.rows ? width : 0;  // a group beyond the last row only adds
  const int64_t first = int64_t(threadIdx.x) * kVector<T>, step = int64_t(blockDim.x) * kVector<T>;

  // Zeros beyond the end, where z and bias are: every activation keeps 0.
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
      if (first + s * step < end) use(first + s * step, held[s]);
    }
    for (int64_t j = first + kHeld * step; j < end; j += step) {
      Values<T, Rows> y;
      activities(j, rows.load(j, width, aligned), y);
      use(j, y);
    }
  };

  typename Rows::Segment segment[kHeld];  // all loads are under way before the first is used
  FFWD_UNROLL
  for (int s = 0; s < kHeld; ++s) {
    if (first + s * step < end) segment[s] = rows.load(first + s * step, width, aligned);
  }
  FFWD_UNROLL
  for (int s = 0; s < kHeld; ++s) {
    if (first + s * step < end) activities(first + s * step, segment[s], held[s]);
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

template <typename T, int kRows>
void launch_rows_of_images(const GoodnessRows& a, bool aligned, Stream stream) {
  using Rows = RowsOfImage<T, kRows>;
  launch_groups<T, Rows>(a, Rows::groups_of_image(a) * a.shared_product.images.rows, aligned,
                         stream);
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
    const bool product_aligned = aligned && rows_are_aligned<T>(p.images) &&
                                 rows_are_aligned<T>(p.labels) &&
                                 (a.folded.data == nullptr || rows_are_aligned<T>(a.folded));
    const auto launch_images =
        a.z.rows == p.images.rows ? launch_rows_of_images<T, 1> : launch_rows_of_images<T, 2>;
    launch_images(a, product_aligned, stream);
  });
}

}  // namespace cuda
}  // namespace ffwd
