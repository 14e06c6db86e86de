// Weighted column sums: sum[j] = factor * sum_i weight[i] a[i,j].
//
// The bias gradient of a layer (weights absent: all ones, a = dz), and the batch mean of its
// activities (a = the normalised rows, weight = their lengths, factor = 1/B).
//
// Shapes:   a: (R, M), fp32 or bf16; weight (R) or absent; sum (M), fp32; scratch: at least
//           column_sum_scratch(R, M) floats of any content. R = 0 gives zeros.
// Aliasing: none.
// Order:    fixed, by chunks of rows, whose sums are added up then: no atomics, and a result repeats
//           bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include <algorithm>

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct ColumnSum {
  ConstMatrixView a;
  VectorView<const float> weight;
  float factor;
  VectorView<float> sum;
  VectorView<float> scratch;
};

// Rows of a chunk at least, and chunks at most: one block adds up a column's chunks.
inline constexpr int64_t kSmallestColumnSumChunk = 256, kMostColumnSumChunks = 1024;

// Rows of each of the chunks that `rows` are divided into; the last may have fewer.
inline int64_t column_sum_chunk(int64_t rows) {
  return std::max(kSmallestColumnSumChunk,
                  (rows + kMostColumnSumChunks - 1) / kMostColumnSumChunks);
}

// Kernels that the CUDA twin launches: one for the chunks and one for their sums.
inline int64_t column_sum_launches(int64_t rows) {
  return rows > kSmallestColumnSumChunk ? 2 : 1;
}

// Floats of scratch that column_sum needs for `rows` x `cols`, and for fewer rows.
inline int64_t column_sum_scratch(int64_t rows, int64_t cols) {
  const int64_t chunks = (rows + kSmallestColumnSumChunk - 1) / kSmallestColumnSumChunk;
  return std::min(chunks, kMostColumnSumChunks) * cols;
}

// Throws ffwd::Error if the shapes break the contract.
void check(const ColumnSum& args);

namespace cpu {
void column_sum(const ColumnSum& args, Stream stream);
}
namespace cuda {
void column_sum(const ColumnSum& args, Stream stream);
}

}  // namespace ffwd
