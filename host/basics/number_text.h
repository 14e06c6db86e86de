// Numbers as people read them. What is not finite becomes a dash, but in format().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ffwd {

// As printf writes it.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

std::string fixed_text(double value, int decimals);        // 3.14
std::string count_text(double value);                      // 1,234,567
std::string percent_text(std::optional<double> fraction);  // 98.62 %
// by goodness 98.18 %, by head 98.17 %
std::string accuracies_text(std::optional<double> goodness, std::optional<double> head);
std::string duration_text(double seconds);  // 3.14 s, 2 min 05 s, 1 h 02 min
std::string short_text(double value);       // 3 to 4 digits: 0.0123, 12.3, 4,321, 1.2e-05

}  // namespace ffwd
