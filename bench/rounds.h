// Contenders that take turns, one sample of each a round: a machine that slows down slows all alike.
#pragma once

#include <string>
#include <vector>

#include "bench/stopwatch.h"

namespace ffwd::bench {

// Seconds of every round.
struct Timing {
  std::string name;
  std::vector<double> seconds;
};

class Rounds {
 public:
  // What a sample measures is divided by `count`, the number of times that it does its work.
  void add(const std::string& name, const Sample& sample, int64_t count = 1);
  void run(int rounds);

  const std::vector<Timing>& timings() const { return timings_; }

 private:
  struct Contender {
    Sample sample;
    int64_t count;
  };
  std::vector<Contender> contenders_;
  std::vector<Timing> timings_;  // of each
};

}  // namespace ffwd::bench
