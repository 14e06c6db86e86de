#include "bench/operands.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "kernels/random.h"

namespace ffwd::bench {
namespace {

// Sixteen megabytes, which longer operands repeat. Made once for each kind.
const std::vector<char>& noise(DType dtype, Fill fill) {
  constexpr int64_t kBytes = int64_t(16) << 20;
  static std::map<std::pair<DType, Fill>, std::vector<char>> made;
  std::vector<char>& block = made[{dtype, fill}];
  if (!block.empty()) return block;
  block.resize(kBytes);
  const auto word = [](int64_t i) {
    return random_bits(1, RandomUse::weights, uint64_t(i) / 4, 0).word[i % 4];
  };
  if (fill == Fill::bytes) {
    for (int64_t i = 0; i < kBytes / 4; ++i) {
      const uint32_t bits = word(i);
      std::memcpy(&block[size_t(i) * 4], &bits, 4);
    }
    return block;
  }
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < kBytes / int64_t(sizeof(T)); ++i) {
      const float u = unit_interval(word(i));
      T value;
      store(value, fill == Fill::centred ? 2.0f * u - 1.0f : 0.5f + 0.5f * u);
      std::memcpy(&block[size_t(i) * sizeof(T)], &value, sizeof(T));
    }
  });
  return block;
}

}  // namespace

void* Operands::memory(int64_t bytes, DType dtype, Fill fill) {
  char* const data = static_cast<char*>(buffers_.emplace_back(*device_, bytes).data());
  if (fill == Fill::zero) return data;
  const std::vector<char>& block = noise(dtype, fill);
  for (int64_t done = 0; done < bytes; done += int64_t(block.size())) {
    device_->upload(data + done, block.data(), std::min(bytes - done, int64_t(block.size())));
  }
  return data;
}

VectorView<int32_t> Operands::integers(const std::vector<int32_t>& values) {
  const int64_t bytes = int64_t(values.size()) * 4;
  void* const data = buffers_.emplace_back(*device_, bytes).data();
  device_->upload(data, values.data(), bytes);
  return {static_cast<int32_t*>(data), int64_t(values.size())};
}

VectorView<const StepValues> Operands::step_values(const StepValues& values) {
  void* const data = buffers_.emplace_back(*device_, int64_t(sizeof values)).data();
  device_->upload(data, &values, int64_t(sizeof values));
  return {static_cast<const StepValues*>(data), 1};
}

std::vector<std::vector<char>> Operands::download() const {
  std::vector<std::vector<char>> all;
  for (const Buffer& buffer : buffers_) {
    all.emplace_back(size_t(buffer.bytes()));
    device_->download(all.back().data(), buffer.data(), buffer.bytes());
  }
  return all;
}

std::vector<int32_t> labels(int64_t size, int32_t classes) {
  std::vector<int32_t> label(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    label[size_t(i)] =
        int32_t(random_bits(3, RandomUse::negatives, uint64_t(i), 0).word[0] % uint32_t(classes));
  }
  return label;
}

}  // namespace ffwd::bench
