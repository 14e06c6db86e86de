#include "kernels/widen.h"

namespace ffwd {

void check(const Widen& a) {
  FFWD_EXPECT(a.narrow.size == a.wide.size, "both vectors have the same size");
}

namespace cpu {

void widen(const Widen& a, Stream) {
  check(a);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < a.wide.size; ++i) {
    const float value = to_float(a.narrow.data[i]);
    a.wide.data[i] = a.add ? a.wide.data[i] + value : value;
  }
}

}  // namespace cpu
}  // namespace ffwd
