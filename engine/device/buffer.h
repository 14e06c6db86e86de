// Owners of device memory: a vector and a matrix. Move-only; the device must outlive them.
#pragma once

#include <utility>
#include <vector>

#include "engine/device/device.h"

namespace ffwd {

// Zeroed bytes on a device.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Device& device, int64_t bytes)
      : device_(&device), bytes_(bytes), data_(bytes > 0 ? device.allocate(bytes) : nullptr) {}
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() {
    if (data_) device_->release(data_);
  }

  Device& device() const { return *device_; }
  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  Device* device_ = nullptr;
  int64_t bytes_ = 0;
  void* data_ = nullptr;
};

template <typename T>
class Vector {
 public:
  Vector() = default;
  Vector(Device& device, int64_t size) : buffer_(device, size * int64_t(sizeof(T))), size_(size) {}
  Vector(Device& device, const std::vector<T>& host) : Vector(device, int64_t(host.size())) {
    upload(host);
  }

  int64_t size() const { return size_; }
  VectorView<T> view() const { return {static_cast<T*>(buffer_.data()), size_}; }

  void upload(const std::vector<T>& host) {
    FFWD_EXPECT(int64_t(host.size()) == size_, "host and device sizes must agree");
    upload_first(host);
  }
  // To the first elements, as many as there are.
  void upload_first(const std::vector<T>& host) {
    const int64_t count = int64_t(host.size());
    FFWD_EXPECT(count <= size_, "cannot upload more than there is room for");
    if (count > 0) buffer_.device().upload(buffer_.data(), host.data(), count * int64_t(sizeof(T)));
  }
  std::vector<T> download() const { return download(size_); }
  // The first `count` elements.
  std::vector<T> download(int64_t count) const {
    FFWD_EXPECT(count <= size_, "cannot download more than there is");
    std::vector<T> host(static_cast<size_t>(count));
    if (count > 0)
      buffer_.device().download(host.data(), buffer_.data(), count * int64_t(sizeof(T)));
    return host;
  }
  void clear() {
    if (size_ > 0) buffer_.device().clear(buffer_.data(), buffer_.bytes());
  }

 private:
  Buffer buffer_;
  int64_t size_ = 0;
};

// Columns of a row with its padding: whole 16-byte segments of either element type.
inline int64_t padded_columns(int64_t cols) {
  return (cols + 7) / 8 * 8;
}

// The same elements as rows of another length; the matrix must have no gaps between its rows.
template <typename View>
View reshaped(const View& m, int64_t rows, int64_t cols) {
  FFWD_EXPECT(m.stride == m.cols && m.rows * m.cols == rows * cols,
              "only a matrix without gaps has the same elements in other rows");
  return {m.data, m.dtype, rows, cols, cols};
}

// A (rows, cols) matrix on the host with padded rows, and back.
std::vector<float> with_padding(const std::vector<float>& host, int64_t rows, int64_t cols);
std::vector<float> without_padding(const std::vector<float>& padded, int64_t rows, int64_t cols);

// Row-major; rows are padded (padded_columns), and the padding is zero.
class Matrix {
 public:
  Matrix() = default;
  Matrix(Device& device, int64_t rows, int64_t cols, DType dtype = DType::f32)
      : rows_(rows),
        cols_(cols),
        dtype_(dtype),
        buffer_(device, rows * stride() * size_of(dtype)) {}

  int64_t stride() const { return padded_columns(cols_); }
  MatrixView view() const { return {buffer_.data(), dtype_, rows_, cols_, stride()}; }
  // The first `rows` rows.
  MatrixView view(int64_t rows) const { return view().row_range(0, rows); }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }

  // Host memory is (rows, cols) without padding; bf16 elements are rounded on their way up.
  void upload(const std::vector<float>& host);
  std::vector<float> download() const { return download(rows_); }
  // The first `rows` rows.
  std::vector<float> download(int64_t rows) const;

 private:
  int64_t rows_ = 0, cols_ = 0;
  DType dtype_ = DType::f32;
  Buffer buffer_;
};

}  // namespace ffwd
