#include "host/basics/number_text.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace ffwd {
namespace {

const char kNone[] = "\u2013";  // an en dash

}  // namespace

std::string format(const char* pattern, ...) {
  char text[400];  // the longest double has 309 digits before its point
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof(text), pattern, values);
  va_end(values);
  return text;
}

std::string fixed_text(double value, int decimals) {
  return std::isfinite(value) ? format("%.*f", decimals, value) : kNone;
}

std::string count_text(double value) {
  if (!std::isfinite(value)) return kNone;
  std::string text = format("%.0f", value);
  const int first_digit = value < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - 3; at > first_digit; at -= 3) text.insert(at, ",");
  return text;
}

std::string percent_text(std::optional<double> fraction) {
  if (!fraction || !std::isfinite(*fraction)) return kNone;
  return fixed_text(100 * *fraction, 2) + " %";
}

std::string accuracies_text(std::optional<double> goodness, std::optional<double> head) {
  std::string text;
  if (goodness) text += "by goodness " + percent_text(goodness);
  if (head) text += (goodness ? ", by head " : "by head ") + percent_text(head);
  return text.empty() ? kNone : text;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return kNone;
  if (seconds < 100) return format(seconds < 10 ? "%.2f s" : "%.1f s", seconds);
  const double whole = std::round(seconds);
  if (whole < 3600)
    return format("%.0f min %02.0f s", std::floor(whole / 60), std::fmod(whole, 60));
  const double minutes = std::round(seconds / 60);
  return format("%.0f h %02.0f min", std::floor(minutes / 60), std::fmod(minutes, 60));
}

std::string short_text(double value) {
  if (!std::isfinite(value)) return kNone;
  const double size = std::fabs(value);
  if (size >= 1e7 || (size > 0 && size < 1e-4)) return format("%.1e", value);
  return size >= 999.5 ? count_text(value) : format("%.3g", value);
}

}  // namespace ffwd
