// The operands of one call of a kernel, in memory of a device.
#pragma once

#include <vector>

#include "engine/device/buffer.h"

namespace ffwd::bench {

// Zeros can run faster than real data, so whatever a kernel reads is random.
enum class Fill {
  zero,
  centred,   // uniform in [-1, 1)
  positive,  // uniform in [0.5, 1)
  bytes,     // any byte
};

class Operands {
 public:
  explicit Operands(Device& device) : device_(&device) {}

  // Rows are padded as those of ffwd::Matrix are.
  MatrixView matrix(int64_t rows, int64_t cols, DType dtype, Fill fill) {
    const int64_t stride = padded_columns(cols);
    return {memory(rows * stride * size_of(dtype), dtype, fill), dtype, rows, cols, stride};
  }
  VectorView<float> floats(int64_t size, Fill fill) {
    return {static_cast<float*>(memory(size * 4, DType::f32, fill)), size};
  }
  VectorView<bfloat16> halves(int64_t size, Fill fill) {
    return {static_cast<bfloat16*>(memory(size * 2, DType::bf16, fill)), size};
  }
  const uint8_t* images(int64_t size) {
    return static_cast<const uint8_t*>(memory(size, DType::f32, Fill::bytes));
  }
  VectorView<int32_t> integers(const std::vector<int32_t>& values);
  VectorView<RunningFigures> running_figures(int64_t size, Fill fill) {
    return {static_cast<RunningFigures*>(
                memory(size * int64_t(sizeof(RunningFigures)), DType::f32, fill)),
            size};
  }
  VectorView<const StepValues> step_values(const StepValues& values);
  // Plain bytes, filled as a matrix of this type is.
  void* memory(int64_t bytes, DType dtype, Fill fill);

  // Everything, byte by byte.
  std::vector<std::vector<char>> download() const;

 private:
  Device* device_;
  std::vector<Buffer> buffers_;
};

// Random class labels.
std::vector<int32_t> labels(int64_t size, int32_t classes);

}  // namespace ffwd::bench
