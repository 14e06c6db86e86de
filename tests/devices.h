// Tests that run on every device: TEST_P over "cpu" and "cuda". Without a GPU the latter is skipped
// and counted; FFWD_REQUIRE_GPU=1 makes it fail instead. "cuda_measured" chooses the algorithms of
// products by their time.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/device.h"
#include "engine/matmul_algorithms.h"

namespace ffwd::test {

class OnDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    if (name == "cpu") {
      device_ = make_cpu_device();
      return;
    }
    const std::string problem = cuda_status().problem;
    if (problem.empty()) {
      device_ = make_cuda_device(Precision::fp32, name == "cuda_measured"
                                                      ? std::make_shared<MatmulAlgorithms>()
                                                      : nullptr);
    } else if (std::getenv("FFWD_REQUIRE_GPU")) {
      FAIL() << "FFWD_REQUIRE_GPU is set, but " << problem;
    } else {
      GTEST_SKIP() << problem;
    }
  }

  Device& device() { return *device_; }

 private:
  std::unique_ptr<Device> device_;
};

}  // namespace ffwd::test

#define FFWD_ON_DEVICES(suite, ...)                                        \
  INSTANTIATE_TEST_SUITE_P(Devices, suite, ::testing::Values(__VA_ARGS__), \
                           [](const auto& info) { return std::string(info.param); })
#define FFWD_ON_EVERY_DEVICE(suite) FFWD_ON_DEVICES(suite, "cpu", "cuda")
