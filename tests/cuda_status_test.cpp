#include "engine/device/cuda_status.h"

#include <gtest/gtest.h>

#include "engine/device/device.h"

namespace ffwd::test {
namespace {

std::string problem(int major, int minor, Precision precision) {
  return gpu_problem({"Some GPU", major, minor, int64_t(1) << 30, true}, precision);
}

TEST(GpuProblem, IsThatItsTensorCoresAreTooOld) {
  EXPECT_EQ(problem(7, 5, Precision::fp32), "");
  EXPECT_EQ(problem(7, 5, Precision::tf32),
            "tf32 needs a GPU of compute capability 8.0 or later; Some GPU has 7.5");
  EXPECT_EQ(problem(7, 5, Precision::bf16),
            "bf16 needs a GPU of compute capability 8.0 or later; Some GPU has 7.5");
  for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    EXPECT_EQ(problem(8, 0, precision), "");
    EXPECT_EQ(problem(12, 0, precision), "");
  }
}

}  // namespace
}  // namespace ffwd::test
