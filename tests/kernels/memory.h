// The operands of a kernel's call in guarded memory of a place, and its two twins behind one call.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/running_figures.h"
#include "kernels/step_values.h"
#include "kernels/view.h"
#include "tests/kernels/matrix.h"
#include "tests/kernels/place.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

namespace ffwd::test {

// A kernel's launcher and its CPU twin. FFWD_TWINS(name) makes it, without CUDA where there is
// none.
template <typename Args>
struct Twins {
  void (*cpu)(const Args&, Stream);
  void (*cuda)(const Args&, Stream);
  void operator()(Place place, const Args& args, Stream stream) const {
    (place == Place::cpu ? cpu : cuda)(args, stream);
  }
};
#ifdef FFWD_TEST_CUDA
#define FFWD_TWINS(name) \
  { &::ffwd::cpu::name, &::ffwd::cuda::name }
#else
#define FFWD_TWINS(name) \
  { &::ffwd::cpu::name, nullptr }
#endif

// How operands lie in memory, in elements: gap between rows, and distance of the first element from
// a 256-byte boundary.
struct Layout {
  int64_t padding = 0, offset = 0;
};

// The operands of one call. Around each lie guard bytes, and between its rows padding, all 0xFF:
// NaN if a kernel reads them, and a failure if it writes them. So is a change to an input. What is
// not written reads as NaN (-1 for integers).
class Memory {
 public:
  explicit Memory(Place place, Layout layout = {}) : place_(place), layout_(layout) {}
  Memory(const Memory&) = delete;
  ~Memory() {
    for (const Operand& operand : operands_) release(place_, operand.memory);
  }

  // How the operands that are made from now on lie.
  void lay_out(Layout layout) { layout_ = layout; }
  // The operand of this number, counted from 0, starts one element further; none if negative.
  void misalign(int operand) { misaligned_ = operand; }

  ConstMatrixView input(DType dtype, const Matrix& values) {
    return matrix("", dtype, values, true);
  }
  MatrixView inout(const std::string& name, DType dtype, const Matrix& values) {
    return matrix(name, dtype, values, true);
  }
  MatrixView output(const std::string& name, DType dtype, int64_t rows, int64_t cols) {
    return matrix(name, dtype, Matrix(rows, cols), false);
  }
  template <typename T>
  VectorView<const T> input(const std::vector<T>& values) {
    return vector<T>("", row_of(values), true);
  }
  VectorView<const StepValues> input(const StepValues& step) {
    std::vector<int32_t> words(sizeof step / sizeof(int32_t));
    std::memcpy(words.data(), &step, sizeof step);
    return {reinterpret_cast<const StepValues*>(input(words).data), 1};
  }
  // Three floats a row: loss, and goodness of positive and of negative rows.
  VectorView<RunningFigures> inout_figures(const std::string& name, const Matrix& rows) {
    const VectorView<float> all = inout(name, to_vector(rows));
    return {reinterpret_cast<RunningFigures*>(all.data), rows.rows};
  }
  template <typename T>
  VectorView<T> inout(const std::string& name, const std::vector<T>& values) {
    return vector<T>(name, row_of(values), true);
  }
  template <typename T>
  VectorView<T> output(const std::string& name, int64_t size) {
    return vector<T>(name, Matrix(1, size), false);
  }

  // Runs the kernel once and returns all outputs, after a look at the guards.
  template <typename Args>
  Results run(const Twins<Args>& kernel, const Args& args) {
    guard(true);
    call_and_wait(place_, [&](Stream stream) { kernel(place_, args, stream); });
    guard(false);
    Results results;
    for (const Operand& operand : operands_) {
      std::vector<unsigned char> now(operand.before.size());
      copy_out(place_, now.data(), operand.memory, now.size());
      check_untouched(operand, now);
      if (!operand.name.empty()) results[operand.name] = read(operand, now);
    }
    return results;
  }

 private:
  static constexpr std::size_t kGuard = 256;  // bytes, a multiple of every alignment
  enum class Element { f32, bf16, i32, u8 };

  struct Operand {
    std::string name;  // empty: an input
    Element element;
    int64_t rows, cols, stride;
    std::size_t start;                  // bytes from the start of `memory` to the first element
    std::vector<unsigned char> before;  // the whole block as it was uploaded
    void* memory;

    std::size_t element_size() const {
      return element == Element::u8 ? 1 : element == Element::bf16 ? 2 : 4;
    }
    std::size_t place_of(int64_t i, int64_t j) const {
      return start + std::size_t(i * stride + j) * element_size();
    }
    std::size_t end() const { return rows == 0 ? start : place_of(rows - 1, cols); }
  };

  static void encode(Element element, double value, unsigned char* target) {
    const auto put = [&](auto stored) { std::memcpy(target, &stored, sizeof stored); };
    if (element == Element::f32) put(float(value));
    if (element == Element::bf16) put(to_bfloat16(float(value)));
    if (element == Element::i32) put(int32_t(value));
    if (element == Element::u8) put(uint8_t(value));
  }
  static double decode(Element element, const unsigned char* source) {
    const auto get = [&](auto stored) {
      std::memcpy(&stored, source, sizeof stored);
      return stored;
    };
    if (element == Element::f32) return get(float{});
    if (element == Element::bf16) return to_float(get(bfloat16{}));
    return element == Element::i32 ? double(get(int32_t{})) : double(get(uint8_t{}));
  }
  static Matrix read(const Operand& operand, const std::vector<unsigned char>& bytes) {
    Matrix m(operand.rows, operand.cols);
    for (int64_t i = 0; i < m.rows; ++i) {
      for (int64_t j = 0; j < m.cols; ++j) {
        m.at(i, j) = decode(operand.element, bytes.data() + operand.place_of(i, j));
      }
    }
    return m;
  }

  static void check_untouched(const Operand& operand, const std::vector<unsigned char>& now) {
    std::vector<bool> may_change(now.size(), false);
    for (int64_t i = 0; i < operand.rows && !operand.name.empty(); ++i) {
      for (std::size_t at = operand.place_of(i, 0); at < operand.place_of(i, operand.cols); ++at) {
        may_change[at] = true;
      }
    }
    for (std::size_t at = 0; at < now.size(); ++at) {
      if (may_change[at] || now[at] == operand.before[at]) continue;
      ADD_FAILURE() << (operand.name.empty() ? "an input" : operand.name)
                    << " was changed where nothing may be written, "
                    << int64_t(at) - int64_t(operand.start) << " bytes after its first element";
      return;
    }
  }

  // Makes AddressSanitizer watch the guards of the host's memory during the call.
  void guard(bool on) const {
    if (place_ != Place::cpu) return;
    for (const Operand& operand : operands_) {
      const char* memory = static_cast<const char*>(operand.memory);
      if (on) {
        ASAN_POISON_MEMORY_REGION(memory, operand.start);
        ASAN_POISON_MEMORY_REGION(memory + operand.end(), operand.before.size() - operand.end());
      } else {
        ASAN_UNPOISON_MEMORY_REGION(memory, operand.before.size());
      }
    }
  }

  void* add(const std::string& name, Element element, const Matrix& values, int64_t stride,
            bool filled) {
    Operand operand{name, element, values.rows, values.cols, stride, 0, {}, nullptr};
    const int64_t offset = layout_.offset + (int(operands_.size()) == misaligned_ ? 1 : 0);
    operand.start = kGuard + std::size_t(offset) * operand.element_size();
    operand.before.assign(operand.end() + (end_is_watched(place_) ? 0 : kGuard), 0xFF);
    for (int64_t i = 0; i < values.rows && filled; ++i) {
      for (int64_t j = 0; j < values.cols; ++j) {
        encode(element, values.at(i, j), operand.before.data() + operand.place_of(i, j));
      }
    }
    operand.memory = allocate(place_, operand.before.size());
    copy_in(place_, operand.memory, operand.before.data(), operand.before.size());
    operands_.push_back(operand);
    return static_cast<char*>(operand.memory) + operand.start;
  }

  MatrixView matrix(const std::string& name, DType dtype, const Matrix& values, bool filled) {
    const int64_t stride = values.cols + layout_.padding;
    const Element element = dtype == DType::f32 ? Element::f32 : Element::bf16;
    return {add(name, element, values, stride, filled), dtype, values.rows, values.cols, stride};
  }

  template <typename T>
  VectorView<T> vector(const std::string& name, const Matrix& values, bool filled) {
    using Plain = std::remove_const_t<T>;
    constexpr Element element = std::is_same_v<Plain, float>      ? Element::f32
                                : std::is_same_v<Plain, bfloat16> ? Element::bf16
                                : std::is_same_v<Plain, int32_t>  ? Element::i32
                                                                  : Element::u8;
    return {static_cast<T*>(add(name, element, values, values.cols, filled)), values.cols};
  }

  Place place_;
  Layout layout_;
  int misaligned_ = -1;
  std::vector<Operand> operands_;
};

}  // namespace ffwd::test
