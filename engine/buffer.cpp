#include "engine/buffer.h"

#include <algorithm>

namespace ffwd {

void Matrix::upload(const std::vector<float>& host) {
  FFWD_EXPECT(dtype_ == DType::f32, "only fp32 matrices are uploaded");
  FFWD_EXPECT(int64_t(host.size()) == rows_ * cols_, "host and device sizes must agree");
  if (host.empty()) return;
  std::vector<float> padded(static_cast<size_t>(rows_ * stride()), 0.0f);
  for (int64_t i = 0; i < rows_; ++i) {
    std::copy_n(&host[i * cols_], cols_, &padded[i * stride()]);
  }
  buffer_.device().upload(buffer_.data(), padded.data(), buffer_.bytes());
}

std::vector<float> Matrix::download(int64_t rows) const {
  FFWD_EXPECT(dtype_ == DType::f32, "only fp32 matrices are downloaded");
  FFWD_EXPECT(rows <= rows_, "cannot download more than there is");
  std::vector<float> padded(static_cast<size_t>(rows * stride())), host;
  if (padded.empty()) return host;
  buffer_.device().download(padded.data(), buffer_.data(), rows * stride() * size_of(dtype_));
  host.reserve(static_cast<size_t>(rows * cols_));
  for (int64_t i = 0; i < rows; ++i) {
    const auto row = padded.begin() + i * stride();
    host.insert(host.end(), row, row + cols_);
  }
  return host;
}

}  // namespace ffwd
