// Matmul on the CPU by oneDNN: fp32 by its sgemm; bf16, on processors with AVX-512, by one primitive
// per shape, made once and then kept.
#pragma once

#include <memory>
#include <string>

#include "engine/device/matmul.h"

namespace ffwd {

class OnednnMatmul {
 public:
  OnednnMatmul();
  ~OnednnMatmul();
  OnednnMatmul(const OnednnMatmul&) = delete;
  OnednnMatmul& operator=(const OnednnMatmul&) = delete;

  void run(const Matmul& args);

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

// Whether this processor multiplies bf16 numbers.
bool onednn_has_bf16();

// For people: library, version and the instruction set in use.
std::string onednn_description();

}  // namespace ffwd
