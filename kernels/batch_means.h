// Adds the means of one step to running totals, so that the host reads figures once in a while and
// not every step:
//
//     total[0] += mean of loss over all rows
//     total[1] += mean of goodness over the P positive rows
//     total[2] += mean of goodness over the N negative rows
//
// Shapes:   loss (P + N); goodness: at least P + N; total (3). A mean over no rows adds 0.
//           Absent goodness (the head) leaves total[1] and total[2] as they are.
// Aliasing: none.
// Order:    fixed, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct BatchMeans {
  VectorView<const float> loss, goodness;
  int64_t positive_rows, negative_rows;
  VectorView<float> total;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const BatchMeans& args);

namespace cpu {
void batch_means(const BatchMeans& args, Stream stream);
}
namespace cuda {
void batch_means(const BatchMeans& args, Stream stream);
}

}  // namespace ffwd
