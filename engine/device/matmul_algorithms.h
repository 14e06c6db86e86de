// Algorithms for a GPU's matrix products that were chosen by their time. Two searches may end
// differently, so what one has found is pinned: from then on a product has the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "kernels/check.h"

namespace ffwd {

// How cuBLASLt does a product.
struct MatmulAlgorithm {
  using Words = std::array<uint64_t, 8>;
  Words words{};  // a cublasLtMatmulAlgo_t: opaque, and only for the version that it is from
  bool with_sums = false;  // column sums, if asked for, come out of the same launch

  bool operator==(const MatmulAlgorithm& other) const {
    return words == other.words && with_sums == other.with_sums;
  }
};

// A device and its lanes share one table, and one thread queues on all of them
// (host/plan/stream_executor.cpp), so it has no lock.
struct MatmulAlgorithms {
  // By what they were measured on, which says all that they depend on, and by product.
  std::map<std::string, std::map<std::string, MatmulAlgorithm>> pinned;
  std::string origin;                                 // what messages call the table
  std::function<void(const MatmulAlgorithms&)> save;  // called after every pin(), if there is one

  // Null if there is none.
  const MatmulAlgorithm* find(const std::string& machine, const std::string& product) const;
  void pin(const std::string& machine, const std::string& product,
           const MatmulAlgorithm& algorithm);
};

// A pinned algorithm that cuBLASLt refuses. Its version and GPU are the right ones, so the table is
// damaged, and another algorithm in its place would silently change results.
struct RefusedAlgorithm : Error {
  using Error::Error;
};

// The candidate of the smallest median time, the first of equals; nothing if all fail. `seconds`
// measures a candidate; nothing, or what is not a number, if that fails, once and for all. All take
// turns, so that a GPU that slows down slows all alike.
std::optional<size_t> fastest(size_t candidates, int rounds,
                              const std::function<std::optional<double>(size_t)>& seconds);

}  // namespace ffwd
