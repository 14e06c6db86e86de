// Images that go through cuDNN in parts, because together they have more elements than it counts:
// what comes out is what it is in one call. For builds with CUDA only.
#include <cmath>

#include "engine/device/buffer.h"
#include "engine/device/cudnn_convolution.h"
#include "tests/devices.h"
#include "tests/random_values.h"

namespace ffwd::test {
namespace {

// 5 images of 6 x 5 pixels with 8 channels, two to a part: the last part is a smaller one.
constexpr int64_t kImages = 5, kLargestTensor = 2 * 6 * 5 * 8;

class CudnnParts : public OnDevice {
 protected:
  std::vector<float> integers(int64_t count, uint32_t use) const {
    return random_values(count, use, [](uint32_t bits) { return float(int32_t(bits % 7) - 3); });
  }
};

// The padded units and the bf16 gradient take memory of cuDNN's own between it and the weights.
TEST_P(CudnnParts, OfAConvolutionMakeUpTheWhole) {
  for (const int64_t units : {8, 5}) {
    const ConvolutionShape s{{6, 5, 8}, units, 3, 1, 1, 1};
    const int64_t pixels = kImages * 30, taps = 3 * 3 * 8;
    Matrix x(device(), pixels, 8, dtype()), dz(device(), pixels, units, dtype()),
        w(device(), units, taps, dtype()), z(device(), pixels, units, dtype()),
        whole_z(device(), pixels, units, dtype()), gradient(device(), units, taps),
        whole_gradient(device(), units, taps);
    x.upload(integers(pixels * 8, 1));
    dz.upload(integers(pixels * units, 2));
    w.upload(integers(units * taps, 3));
    CudnnConvolution convolution(device().stream(), /*tf32=*/false, kLargestTensor);
    for (int repeat = 0; repeat < 2; ++repeat) {  // the second starts from what the first left
      convolution.run(Convolution{s, x.view(), w.view(), z.view()});
      convolution.run(ConvolutionGradient{s, x.view(), dz.view(), gradient.view()});
      device().convolve({s, x.view(), w.view(), whole_z.view()});
      device().convolution_gradient({s, x.view(), dz.view(), whole_gradient.view()});
      EXPECT_EQ(z.download(), whole_z.download()) << units << " units";
      // In bf16 the sums of three parts are rounded one by one, and the whole: all below 256.
      const double allowed = dtype() == DType::bf16 ? 4 * 0.5 : 0.0;
      const auto want = whole_gradient.download(), got = gradient.download();
      for (size_t i = 0; i < want.size(); ++i) {
        EXPECT_LT(std::fabs(want[i]), 256.0f);
        EXPECT_NEAR(got[i], want[i], allowed) << units << " units, at " << i;
      }
    }
  }
}

TEST_P(CudnnParts, OfAPoolMakeUpTheWhole) {
  const PoolShape s{PoolKind::max, {6, 4, 8}, 2};
  Matrix x(device(), kImages * 24, 8, dtype()), pooled(device(), kImages * 6, 8, dtype()),
      whole(device(), kImages * 6, 8, dtype());
  x.upload(integers(kImages * 24 * 8, 1));
  CudnnConvolution pool(device().stream(), /*tf32=*/false, kLargestTensor);
  pool.run(Pooling{s, x.view(), pooled.view()});
  device().pool({s, x.view(), whole.view()});
  EXPECT_EQ(pooled.download(), whole.download());
}

FFWD_ON_DEVICES(CudnnParts, "cuda", "cuda_bf16");

}  // namespace
}  // namespace ffwd::test
