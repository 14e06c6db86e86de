// Convolutions and pooling on the CPU by oneDNN: one primitive per shape, made once and then kept.
#pragma once

#include <memory>

#include "engine/device/convolution.h"

namespace ffwd {

// bf16 needs a processor with AVX-512.
class OnednnConvolution {
 public:
  OnednnConvolution();
  ~OnednnConvolution();
  OnednnConvolution(const OnednnConvolution&) = delete;
  OnednnConvolution& operator=(const OnednnConvolution&) = delete;

  void run(const Convolution& args);
  void run(const ConvolutionGradient& args);
  void run(const Pooling& args);

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

}  // namespace ffwd
