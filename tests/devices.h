// Tests that run on every device: TEST_P over "cpu" and "cuda". A name with "bf16" is of one that
// computes in bf16, with "tf32" of one that rounds operands to TF32, with "measured" of a GPU that
// chooses algorithms of products by their time. "queued" works as a GPU does, on the CPU
// (tests/queued_device.h). Without a GPU its tests are skipped and counted; FFWD_REQUIRE_GPU=1 makes
// them fail instead.
#pragma once

#include <gtest/gtest.h>

#include "engine/device/cuda_status.h"
#include "engine/device/device.h"
#include "engine/device/matmul_algorithms.h"
#include "tests/gpu_required.h"
#include "tests/queued_device.h"

namespace ffwd::test {

class OnDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
    const Precision precision = has("bf16")   ? Precision::bf16
                                : has("tf32") ? Precision::tf32
                                              : Precision::fp32;
    if (has("queued")) {
      device_ = std::make_unique<QueuedDevice>(1);
      return;
    }
    const bool cpu = has("cpu");
    const CudaStatus cuda = cuda_status();
    const std::string problem = cpu                    ? cpu_problem(precision)
                                : cuda.problem.empty() ? gpu_problem(cuda.gpus[0], precision)
                                                       : cuda.problem;
    if (problem.empty() && cpu) {
      device_ = make_cpu_device(precision);
    } else if (problem.empty()) {
      device_ = make_cuda_device(precision,
                                 has("measured") ? std::make_shared<MatmulAlgorithms>() : nullptr);
    } else if (!cpu && !cuda.problem.empty() && gpu_required()) {
      FAIL() << "FFWD_REQUIRE_GPU is set, but " << problem;
    } else {
      GTEST_SKIP() << problem;
    }
  }

  Device& device() { return *device_; }
  // Operands and activations are kept in this type, and storing a number costs this part of it.
  DType dtype() const { return device_->activation_type(); }
  double rounding() const { return dtype() == DType::bf16 ? 0x1p-8 : 0x1p-24; }
  // What operands that are rounded to TF32 on their way, up or down, may cost of a product.
  double operand_rounding() const { return device_->precision() == Precision::tf32 ? 0x1p-9 : 0.0; }
  // The number that is stored for a value.
  float stored(float value) const {
    return dtype() == DType::bf16 ? to_float(to_bfloat16(value)) : value;
  }

 private:
  std::unique_ptr<Device> device_;
};

}  // namespace ffwd::test

#define FFWD_ON_DEVICES(suite, ...)                                        \
  INSTANTIATE_TEST_SUITE_P(Devices, suite, ::testing::Values(__VA_ARGS__), \
                           [](const auto& info) { return std::string(info.param); })

#define FFWD_ON_EVERY_DEVICE(suite) FFWD_ON_DEVICES(suite, "cpu", "cuda")
#define FFWD_IN_EVERY_PRECISION(suite) \
  FFWD_ON_DEVICES(suite, "cpu", "cpu_bf16", "cuda", "cuda_bf16")
// And on the device that queues, for tests of trainings.
#define FFWD_IN_EVERY_PRECISION_AND_QUEUED(suite) \
  FFWD_ON_DEVICES(suite, "cpu", "cpu_bf16", "queued", "cuda", "cuda_bf16")
