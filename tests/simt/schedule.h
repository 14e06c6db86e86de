// The order in which the harness runs what may run in any order. A correct kernel gives the same
// bits under every schedule. Tests that are built for the device as well include this too: there,
// nothing is theirs to choose.
#pragma once

#include <cstdint>

namespace ffwd::simt {

#ifdef FFWD_SIMT

// Seed 0: threads, blocks and streams in order. 1: last in, first out. From 2 on: at random, by the
// seed. The environment variable FFWD_SIMT_SEED sets the first one.
void set_schedule(std::uint64_t seed);
std::uint64_t schedule();

// Whether work queued on a stream waits until something asks for it. A program that forgets to
// synchronise then reads old data. FFWD_SIMT_LAZY=1 in the environment sets it from the start.
void set_lazy(bool lazy);

// How many seeds, from 0, are worth trying: sanitizers are slow, and judge one schedule for many.
#if defined(FFWD_SIMT_ASAN) || defined(FFWD_SIMT_TSAN)
constexpr std::uint64_t kSchedules = 2;
#else
constexpr std::uint64_t kSchedules = 20;
#endif

#else

inline void set_schedule(std::uint64_t) {}
inline void set_lazy(bool) {}
constexpr std::uint64_t kSchedules = 1;

#endif

}  // namespace ffwd::simt
