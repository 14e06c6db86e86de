// Gathers the images of a batch, which stay on the device as bytes: standardised, with nothing yet
// where the label will be written (kernels/overlay_labels.h), and not yet normalised, for a row's
// length depends on its label.
//
// With image s = sample[i], pixel p and channel c (HWC order):
//     base[i, p*C + c] = pixels[s, p*C + c] * scale[c] + shift[c]    for p >= blank_pixels
//     base[i, p*C + c] = 0                                           for p <  blank_pixels
//     squares[i]       = sum_j base[i,j]^2
//
// Shapes:   pixels (N, D) bytes, D = P*C; sample (B); base (B, D), fp32 or bf16; squares (B). 0 <=
//           blank_pixels <= P, 1 <= C <= kMaxChannels. B = 0 is allowed.
// Range:    sample in [0, N); not checked on the device.
// Aliasing: none.
// Order:    one row's sum of squares, of the values before rounding to bf16, runs in a fixed order,
//           so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

inline constexpr int kMaxChannels = 4;

// How bytes become numbers: x = byte * scale + shift, by channel.
struct Standardise {
  int32_t channels = 1;
  float scale[kMaxChannels] = {1.0f / 255, 1.0f / 255, 1.0f / 255, 1.0f / 255};
  float shift[kMaxChannels] = {0, 0, 0, 0};
};

struct GatherImages {
  const uint8_t* pixels;
  VectorView<const int32_t> sample;
  Standardise standardise;
  int32_t blank_pixels;
  MatrixView base;
  VectorView<float> squares;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const GatherImages& args);

namespace cpu {
void gather_images(const GatherImages& args, Stream stream);
}
namespace cuda {
void gather_images(const GatherImages& args, Stream stream);
}

}  // namespace ffwd
