// The goodness of images whose pixels already have one, and its loss:
//
//     G[r]     = scale * sum_p g[r*P + p]                  scale = 1/P for means, 1 for sums
//     loss[r]  = softplus(-sign[r] (G[r] - threshold) / temperature)      (kernels/loss.h; nats)
//     slope[r] = d mean(loss) / dg[r*P + p] = loss'(G[r]) scale / (A + N)       the same for all p
//     running[r] += the image's share of mean(loss) and mean(G)      (kernels/running_figures.h)
//
// With g from kernels/goodness_rows.h over rows that are pixels, G is the sum or mean of the terms
// of all channels and pixels. The first A rows are positive (sign +1), the next N negative (-1);
// rows after them have a goodness, but no slope and no running figures.
//
// Source: Hinton 2022, arXiv:2212.13345, section 2, with a layer's whole image as its activities.
//
// Shapes:   g (R*P), goodness (R); slope, running (A + N), absent together (inference). R = 0 is
//           allowed, P is above 0.
// Aliasing: none.
// Order:    one image's sum runs in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/goodness.h"
#include "kernels/learning_row.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct ImageGoodness {
  VectorView<const float> pixel_goodness;
  int64_t pixels;
  Goodness goodness_kind;
  float threshold, temperature;
  int64_t positive_rows, negative_rows;
  VectorView<float> goodness, slope;
  VectorView<RunningFigures> running;
};

// Writes what row r gets from the sum of its pixels.
FFWD_HD void finish_image(const ImageGoodness& a, int64_t r, float sum) {
  const float scale = goodness_scale(a.goodness_kind, a.pixels);
  const float goodness = scale * sum;
  a.goodness.data[r] = goodness;
  const int64_t learning = a.positive_rows + a.negative_rows;
  if (a.slope.data == nullptr || r >= learning) return;
  a.slope.data[r] = learn_row(a, r, goodness, scale, /*adds=*/true);
}

// Throws ffwd::Error if the shapes break the contract.
void check(const ImageGoodness& args);

namespace cpu {
void image_goodness(const ImageGoodness& args, Stream stream);
}
namespace cuda {
void image_goodness(const ImageGoodness& args, Stream stream);
}

}  // namespace ffwd
