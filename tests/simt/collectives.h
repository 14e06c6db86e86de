// The device functions in which threads meet: barriers of a block, shuffles, votes and reductions
// of a warp.
#pragma once

#include <cstdint>
#include <cstring>

#include "simt/scheduler.h"

// --- the block -------------------------------------------------------------------------

inline void __syncthreads(ffwd::simt::Place place = ffwd::simt::here()) {
  ffwd::simt::block_barrier(false, place);
}
inline int __syncthreads_count(int predicate, ffwd::simt::Place place = ffwd::simt::here()) {
  return ffwd::simt::block_barrier(predicate != 0, place).votes;
}
inline int __syncthreads_or(int predicate, ffwd::simt::Place place = ffwd::simt::here()) {
  return ffwd::simt::block_barrier(predicate != 0, place).votes > 0;
}
inline int __syncthreads_and(int predicate, ffwd::simt::Place place = ffwd::simt::here()) {
  const ffwd::simt::BarrierCount count = ffwd::simt::block_barrier(predicate != 0, place);
  return count.votes == count.arrived;
}

// --- the warp --------------------------------------------------------------------------

inline void __syncwarp(unsigned mask = 0xffffffffu, ffwd::simt::Place place = ffwd::simt::here()) {
  ffwd::simt::warp_exchange({"__syncwarp", mask, place, true}, 0);
}
inline unsigned __activemask() {
  return ffwd::simt::live_lanes();
}

namespace ffwd::simt {

template <typename T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most eight bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <typename T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The value of lane `source`, or the own one if that lies outside [first, end) of the own segment.
template <typename T>
T shuffle(const WarpRequest& request, T value, int source, int first, int end) {
  const WarpValues& values = warp_exchange(request, to_bits(value));
  const bool inside = source >= first && source < end;
  return from_bits<T>(values.bits[inside ? source : static_cast<int>(lane_index())]);
}

// The first lane of the own segment of `width` lanes.
inline int segment(int width) {
  return static_cast<int>(lane_index()) & ~(width - 1);
}

// The lanes of the request that brought `bits`.
inline unsigned lanes_with(const WarpRequest& request, std::uint64_t brought, std::uint64_t bits) {
  const WarpValues& values = warp_exchange(request, brought);
  unsigned lanes = 0;
  for (int lane = 0; lane < 32; ++lane) lanes |= unsigned{values.bits[lane] == bits} << lane;
  return lanes & values.lanes;
}

}  // namespace ffwd::simt

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              ffwd::simt::Place place = ffwd::simt::here()) {
  const int first = ffwd::simt::segment(width);
  return ffwd::simt::shuffle({"__shfl_sync", mask, place}, value, first + (source & (width - 1)),
                             first, first + width);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 ffwd::simt::Place place = ffwd::simt::here()) {
  const int first = ffwd::simt::segment(width);
  const int source = static_cast<int>(ffwd::simt::lane_index() - delta);
  return ffwd::simt::shuffle({"__shfl_up_sync", mask, place}, value, source, first, first + width);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   ffwd::simt::Place place = ffwd::simt::here()) {
  const int first = ffwd::simt::segment(width);
  const int source = static_cast<int>(ffwd::simt::lane_index() + delta);
  return ffwd::simt::shuffle({"__shfl_down_sync", mask, place}, value, source, first,
                             first + width);
}
// Unlike the others it may read a segment before its own, but none after it.
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  ffwd::simt::Place place = ffwd::simt::here()) {
  const int source = static_cast<int>(ffwd::simt::lane_index()) ^ lane_mask;
  return ffwd::simt::shuffle({"__shfl_xor_sync", mask, place}, value, source, 0,
                             ffwd::simt::segment(width) + width);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              ffwd::simt::Place place = ffwd::simt::here()) {
  return ffwd::simt::lanes_with({"__ballot_sync", mask, place}, predicate != 0, 1);
}
inline int __any_sync(unsigned mask, int predicate, ffwd::simt::Place place = ffwd::simt::here()) {
  return ffwd::simt::lanes_with({"__any_sync", mask, place}, predicate != 0, 1) != 0;
}
inline int __all_sync(unsigned mask, int predicate, ffwd::simt::Place place = ffwd::simt::here()) {
  return ffwd::simt::lanes_with({"__all_sync", mask, place}, predicate != 0, 0) == 0;
}
