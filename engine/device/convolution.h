// Convolutions and pooling of images whose pixels are the rows of a matrix: pixel (h, w) of image n
// is row (n*H + h)*W + w, and its columns are the channels (NHWC).
//
//     z[n,p,q,m]  = sum over taps (i,j) and channels c of the unit's group
//                   w[m,i,j,c] x[n, p*stride + i - padding, q*stride + j - padding, c]
//     dw[m,i,j,c] = sum_{n,p,q} dz[n,p,q,m] x[n, p*stride + i - padding, q*stride + j - padding, c]
//     pooled[n,p,q,c] = max or mean of x[n, p*window + i, q*window + j, c] over 0 <= i, j < window
//
// x is 0 outside of the image.
#pragma once

#include <algorithm>
#include <array>

#include "engine/device/image_shape.h"
#include "kernels/view.h"

namespace ffwd {

struct ConvolutionShape {
  ImageShape input;
  int64_t units = 0, kernel = 1, stride = 1, padding = 0, groups = 1;

  ImageShape output() const;
  int64_t taps() const { return kernel * kernel; }
  // Channels that a unit sees.
  int64_t channels() const { return input.channels / groups; }
  // Columns of the weight for one tap. Without groups they cover the padding of a row of x, so that
  // libraries see images whose channels lie without gaps; the weights of padding are zero.
  int64_t stored_channels() const;
  // Every pixel on its own: a matrix product does it.
  bool pointwise() const { return kernel == 1 && stride == 1 && padding == 0 && groups == 1; }
};

// Shapes: x (N*H*W, C), weight (M, kernel*kernel*stored channels), z (N*P*Q, M), all of one element
//         type, their rows padded like those of a Matrix. x's padding holds zeros, and so does z's
//         after the call as before it, if x is finite.
// Order:  fixed for a shape, a device and a number of threads, so a result repeats bit for bit.
struct Convolution {
  ConvolutionShape shape;
  ConstMatrixView x, weight;
  MatrixView z;

  int64_t images() const { return z.rows / shape.output().pixels(); }
};

// Shapes: x and dz as above, weight_gradient fp32 in the shape of the weight.
struct ConvolutionGradient {
  ConvolutionShape shape;
  ConstMatrixView x, dz;
  MatrixView weight_gradient;

  int64_t images() const { return dz.rows / shape.output().pixels(); }
};

enum class PoolKind { max, average };

// Windows do not overlap; rows and columns of pixels that fill no window are left out.
struct PoolShape {
  PoolKind kind = PoolKind::max;
  ImageShape input;
  int64_t window = 2;

  ImageShape output() const {
    return {input.height / window, input.width / window, input.channels};
  }
};

// Shapes: x (N*H*W, C), pooled (N*P*Q, C), both of one element type, with the same padding of rows.
struct Pooling {
  PoolShape shape;
  ConstMatrixView x;
  MatrixView pooled;

  int64_t images() const { return pooled.rows / shape.output().pixels(); }
};

// What a library's plan for so many images depends on.
using ConvolutionKey = std::array<int64_t, 13>;
ConvolutionKey convolution_key(const ConvolutionShape& shape, int64_t images,
                               const ConstMatrixView& x, const ConstMatrixView& weight,
                               const ConstMatrixView& z);

// Calls body(first, count) for one part of the images after the other, of `most` at most.
template <typename Body>
void for_each_part(int64_t images, int64_t most, const Body& body) {
  for (int64_t first = 0; first < images; first += most) {
    body(first, std::min(most, images - first));
  }
}

// Throw ffwd::Error if the shapes break the contract.
void check(const ConvolutionShape& shape);
void check(const PoolShape& shape);
void check(const Convolution& args);
void check(const ConvolutionGradient& args);
void check(const Pooling& args);

}  // namespace ffwd
