// The device functions of one thread: loads, bits, rounding by name, atomics, fences.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "simt/scheduler.h"

using std::max;
using std::min;

// --- loads and stores with a cache hint ------------------------------------------------

template <typename T>
T __ldg(const T* address) {
  return *address;
}
template <typename T>
T __ldcs(const T* address) {
  return *address;
}
template <typename T>
void __stcs(T* address, T value) {
  *address = value;
}

// --- bits ------------------------------------------------------------------------------

inline int __popc(unsigned value) {
  return __builtin_popcount(value);
}
inline int __ffs(int value) {
  return __builtin_ffs(value);
}
namespace ffwd::simt {
template <typename To, typename From>
To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
}  // namespace ffwd::simt

inline unsigned __float_as_uint(float value) {
  return ffwd::simt::same_bits<unsigned>(value);
}
inline float __uint_as_float(unsigned value) {
  return ffwd::simt::same_bits<float>(value);
}

// --- arithmetic. The fast functions are macros because the C library declares these names itself.

inline float __fdividef(float a, float b) {
  return a / b;
}
inline float rsqrtf(float value) {
  return 1.0f / sqrtf(value);
}
#define __expf(x) expf(x)
#define __logf(x) logf(x)

// --- atomics: relaxed order, as CUDA's -------------------------------------------------

namespace ffwd::simt {

template <typename T>
struct Exactly {
  using type = T;
};
// As a parameter's type: takes part in no deduction, so that a literal converts.
template <typename T>
using exactly = typename Exactly<T>::type;

template <typename T, typename Change>
T update_atomically(T* address, Change change) {
  T old, desired;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  do {
    desired = change(old);
  } while (!__atomic_compare_exchange(address, &old, &desired, false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED));
  return old;
}

}  // namespace ffwd::simt

template <typename T>
T atomicAdd(T* address, ffwd::simt::exactly<T> value) {
  return ffwd::simt::update_atomically(address, [=](T old) { return old + value; });
}
template <typename T>
T atomicMin(T* address, ffwd::simt::exactly<T> value) {
  return ffwd::simt::update_atomically(address, [=](T old) { return std::min(old, value); });
}
template <typename T>
T atomicMax(T* address, ffwd::simt::exactly<T> value) {
  return ffwd::simt::update_atomically(address, [=](T old) { return std::max(old, value); });
}
template <typename T>
T atomicExch(T* address, ffwd::simt::exactly<T> value) {
  return ffwd::simt::update_atomically(address, [=](T) { return value; });
}
template <typename T>
T atomicCAS(T* address, ffwd::simt::exactly<T> expected, ffwd::simt::exactly<T> desired) {
  return ffwd::simt::update_atomically(address,
                                       [=](T old) { return old == expected ? desired : old; });
}
// Counts 0, 1, ..., last, 0, 1, ...
inline unsigned atomicInc(unsigned* address, unsigned last) {
  return ffwd::simt::update_atomically(address,
                                       [=](unsigned old) { return old >= last ? 0u : old + 1; });
}

// --- fences ----------------------------------------------------------------------------

inline void __threadfence() {
  ffwd::simt::memory_fence();
}
inline void __threadfence_block() {
  ffwd::simt::memory_fence();
}
