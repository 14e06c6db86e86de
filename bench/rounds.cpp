#include "bench/rounds.h"

namespace ffwd::bench {

void Rounds::add(const std::string& name, const Sample& sample, int64_t count) {
  contenders_.push_back({sample, count});
  timings_.push_back({name, {}});
}

void Rounds::run(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < contenders_.size(); ++i) {
      timings_[i].seconds.push_back(contenders_[i].sample() / double(contenders_[i].count));
    }
  }
}

}  // namespace ffwd::bench
