// Draws a wrong label for every sample: never the true one.
//
// With logits, label k is drawn with probability softmax(logits[i,:]) after the true label is taken
// out (a hard negative: what the head mistakes the image for). Without, all K - 1 wrong labels are
// equally likely.
//
// The random number depends on (seed, sample[i], step.draw) alone: the same draw for all steps
// fixes the label of a sample for the whole run; the step's number makes it fresh.
//
// Source: Hinton 2022, arXiv:2212.13345, section 3.3, and ffnew.m.
//
// Shapes:   logits (B, K), fp32, or absent; sample, label, wrong (B); step (1), memory of the
//           device. K >= 2. B = 0 is allowed.
// Range:    label in [0, K), not checked on the device.
// Aliasing: none.
// Order:    sums of one row run over k = 0, 1, ..., so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include <cmath>

#include "kernels/random.h"
#include "kernels/step_values.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct WrongLabels {
  ConstMatrixView logits;
  VectorView<const int32_t> sample, label;
  int32_t classes;
  uint64_t seed;
  VectorView<const StepValues> step;
  VectorView<int32_t> wrong;
};

// The wrong label for `u` in [0, 1) when all are equally likely.
FFWD_HD int32_t uniform_wrong_label(int32_t label, int32_t classes, float u) {
  int32_t k = int32_t(u * float(classes - 1));
  k = k < classes - 1 ? k : classes - 2;  // u * (K - 1) may round up to K - 1
  return k < label ? k : k + 1;
}

// The wrong label for `u` in [0, 1) when the K `logits` weigh them.
FFWD_HD int32_t likely_wrong_label(const float* logits, int32_t label, int32_t classes, float u) {
  float top = -INFINITY, total = 0.0f;
  for (int32_t k = 0; k < classes; ++k) {
    if (k != label && logits[k] > top) top = logits[k];
  }
  for (int32_t k = 0; k < classes; ++k) {
    if (k != label) total += expf(logits[k] - top);
  }
  int32_t chosen = label == 0 ? 1 : 0;
  float remaining = u * total;
  for (int32_t k = 0; k < classes; ++k) {
    if (k == label) continue;
    const float weight = expf(logits[k] - top);
    if (weight > 0.0f) chosen = k;  // rounding may leave a rest: the last likely label takes it
    if (remaining < weight) return chosen;
    remaining -= weight;
  }
  return chosen;
}

// Of sample i.
FFWD_HD void draw_wrong_label(const WrongLabels& a, int64_t i) {
  const uint64_t sample = uint64_t(a.sample.data[i]);
  const uint32_t draw = a.step.data->draw;
  const float u = unit_interval(random_bits(a.seed, RandomUse::negatives, sample, draw).word[0]);
  const int32_t label = a.label.data[i];
  a.wrong.data[i] = a.logits.data ? likely_wrong_label(a.logits.row<float>(i), label, a.classes, u)
                                  : uniform_wrong_label(label, a.classes, u);
}

// Throws ffwd::Error if the shapes break the contract.
void check(const WrongLabels& args);

namespace cpu {
void wrong_labels(const WrongLabels& args, Stream stream);
}
namespace cuda {
void wrong_labels(const WrongLabels& args, Stream stream);
}

}  // namespace ffwd
