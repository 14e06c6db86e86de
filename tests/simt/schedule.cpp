#include "simt/schedule.h"

#include <cstdlib>

#include "simt/choice.h"

namespace ffwd::simt {
namespace {

std::uint64_t from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : 0;
}

struct State {
  std::uint64_t seed = from_environment("FFWD_SIMT_SEED");
  std::uint64_t random = seed;
  bool lazy = from_environment("FFWD_SIMT_LAZY") != 0;
};

State& state() {
  static State the_state;
  return the_state;
}

// A 64-bit linear congruential generator (Knuth's MMIX constants), of which the upper half is
// random enough.
std::size_t random_below(std::size_t count) {
  state().random = state().random * 6364136223846793005u + 1442695040888963407u;
  return (state().random >> 32) % count;
}

}  // namespace

void set_schedule(std::uint64_t seed) {
  state().seed = seed;
  state().random = seed;
}

std::uint64_t schedule() {
  return state().seed;
}

void set_lazy(bool lazy) {
  state().lazy = lazy;
}

bool is_lazy() {
  return state().lazy;
}

std::size_t choose(std::size_t count) {
  const std::uint64_t seed = state().seed;
  if (seed == 0) return 0;
  const bool newest = seed == 1 || (seed % 2 == 1 && random_below(8) != 0);
  return newest ? count - 1 : random_below(count);
}

}  // namespace ffwd::simt
