#include "engine/device/buffer.h"

#include <algorithm>

namespace ffwd {

std::vector<float> with_padding(const std::vector<float>& host, int64_t rows, int64_t cols) {
  FFWD_EXPECT(int64_t(host.size()) == rows * cols, "host and device sizes must agree");
  const int64_t stride = padded_columns(cols);
  std::vector<float> padded(static_cast<size_t>(rows * stride), 0.0f);
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(host.begin() + i * cols, cols, padded.begin() + i * stride);
  }
  return padded;
}

std::vector<float> without_padding(const std::vector<float>& padded, int64_t rows, int64_t cols) {
  const int64_t stride = padded_columns(cols);
  std::vector<float> host;
  host.reserve(static_cast<size_t>(rows * cols));
  for (int64_t i = 0; i < rows; ++i) {
    const auto row = padded.begin() + i * stride;
    host.insert(host.end(), row, row + cols);
  }
  return host;
}

void Matrix::upload(const std::vector<float>& host) {
  const std::vector<float> padded = with_padding(host, rows_, cols_);
  if (padded.empty()) return;
  with_dtype(dtype_, [&](auto zero) {
    std::vector<decltype(zero)> stored(padded.size());
    for (size_t i = 0; i < padded.size(); ++i) store(stored[i], padded[i]);
    buffer_.device().upload(buffer_.data(), stored.data(), buffer_.bytes());
  });
}

std::vector<float> Matrix::download(int64_t rows) const {
  FFWD_EXPECT(rows <= rows_, "cannot download more than there is");
  std::vector<float> padded(static_cast<size_t>(rows * stride()));
  if (padded.empty()) return {};
  with_dtype(dtype_, [&](auto zero) {
    std::vector<decltype(zero)> stored(padded.size());
    buffer_.device().download(stored.data(), buffer_.data(), rows * stride() * size_of(dtype_));
    for (size_t i = 0; i < padded.size(); ++i) padded[i] = to_float(stored[i]);
  });
  return without_padding(padded, rows, cols_);
}

}  // namespace ffwd
