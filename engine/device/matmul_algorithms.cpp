#include "engine/device/matmul_algorithms.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ffwd {

const MatmulAlgorithm* MatmulAlgorithms::find(const std::string& machine,
                                              const std::string& product) const {
  const auto products = pinned.find(machine);
  if (products == pinned.end()) return nullptr;
  const auto found = products->second.find(product);
  return found == products->second.end() ? nullptr : &found->second;
}

void MatmulAlgorithms::pin(const std::string& machine, const std::string& product,
                           const MatmulAlgorithm& algorithm) {
  pinned[machine][product] = algorithm;
  if (save) save(*this);
}

std::optional<size_t> fastest(size_t candidates, int rounds,
                              const std::function<std::optional<double>(size_t)>& seconds) {
  struct Contender {
    size_t candidate;
    std::vector<double> seconds;
  };
  std::vector<Contender> contenders;
  for (size_t i = 0; i < candidates; ++i) contenders.push_back({i, {}});
  for (int round = 0; round < rounds; ++round) {
    for (Contender& contender : contenders) {
      contender.seconds.push_back(seconds(contender.candidate).value_or(NAN));
    }
    const auto failed = [](const Contender& contender) {
      return std::isnan(contender.seconds.back());
    };
    contenders.erase(std::remove_if(contenders.begin(), contenders.end(), failed),
                     contenders.end());
  }
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  const auto best = std::min_element(
      contenders.begin(), contenders.end(),
      [&](const auto& a, const auto& b) { return median(a.seconds) < median(b.seconds); });
  if (best == contenders.end()) return std::nullopt;
  return best->candidate;
}

}  // namespace ffwd
