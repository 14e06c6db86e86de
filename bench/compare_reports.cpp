#include "bench/compare_reports.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/quantile.h"
#include "bench/rounds.h"
#include "engine/files/strict_json.h"
#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/basics/number_text.h"

namespace ffwd::bench {
namespace {

using nlohmann::ordered_json;

// Of so many samples of the same the middle halves lie apart once in 130 times, of 5 once in 5.
constexpr size_t kFewestSamples = 15;
constexpr size_t kDeepest = 5;  // report > cases > case > seconds > samples
constexpr size_t kMostSamples = 10000;

struct Case {
  std::string name;
  std::vector<Timing> timings;
};

struct Report {
  ordered_json about;  // everything but the cases
  std::vector<Case> cases;
};

Case read_case(const ordered_json& from) {
  Case one{from.at("name").get<std::string>(), {}};
  for (const auto& [name, seconds] : from.at("seconds").items()) {
    one.timings.push_back({name, seconds.get<std::vector<double>>()});
    for (const double s : one.timings.back().seconds) {
      if (!(s > 0)) throw Error("a time must be above 0");
    }
    if (seconds.empty()) throw Error("there are no samples");
  }
  return one;
}

Report read_report(const std::string& file) {
  constexpr uint64_t kMostBytes = uint64_t(64) << 20;
  const std::string text = read_file(file, kMostBytes);
  try {
    parse_strict_json(text, kDeepest, kMostSamples);
    Report report{ordered_json::parse(text), {}};
    for (const ordered_json& one : report.about.at("cases")) report.cases.push_back(read_case(one));
    report.about.erase("cases");
    return report;
  } catch (const std::exception&) {
    throw FileError(file + " is no report of ffwd bench --json");
  }
}

// The item of this name, or nothing.
template <typename Item>
const Item* find(const std::vector<Item>& items, const std::string& name) {
  for (const Item& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

void print_differences(const ordered_json& a, const ordered_json& b) {
  bool same = true;
  ordered_json both = a;
  both.update(b);
  for (const auto& item : both.items()) {
    const std::string& key = item.key();
    const ordered_json in_a = a.value(key, ordered_json()), in_b = b.value(key, ordered_json());
    if (in_a == in_b) continue;
    same = false;
    std::printf("different %s: A %s, B %s\n", key.c_str(), in_a.dump().c_str(),
                in_b.dump().c_str());
  }
  if (!same) return;
  std::printf("both of commit %s on the same device, with as many threads\n",
              a.value("commit", ordered_json()).dump().c_str());
}

// What only one of the two, called `which`, has timed.
void print_rest(const char* which, const Report& report, const Report& other) {
  for (const Case& one : report.cases) {
    const Case* const same = find(other.cases, one.name);
    std::string names;
    for (const Timing& timing : one.timings) {
      if (same && find(same->timings, timing.name)) continue;
      names += (names.empty() ? "" : ", ") + timing.name;
    }
    if (!names.empty()) std::printf("only in %s, %s: %s\n", which, one.name.c_str(), names.c_str());
  }
}

// The median and, in brackets, the quartiles, in a unit that suits `scale` seconds.
std::string summary(const std::vector<double>& seconds, double scale) {
  const bool micro = scale < 1e-3;
  const double unit = micro ? 1e6 : 1e3;
  return format("%8.4g %s (%.4g-%.4g)", unit * median(seconds), micro ? "us" : "ms",
                unit * quantile(seconds, 0.25), unit * quantile(seconds, 0.75));
}

void print_head(const std::string& name) {
  std::printf("\n%s\n%-12s %-28s %-28s %5s %10s  %s\n", name.c_str(), "", "       A (quartiles)",
              "       B (quartiles)", "A/B", "B faster", "B is");
}

void print_row(const Timing& a, const Timing& b) {
  const double scale = median(a.seconds);
  std::printf("%-12s %-28s %-28s %5.2f %8.0f %%  %s\n", a.name.c_str(),
              summary(a.seconds, scale).c_str(), summary(b.seconds, scale).c_str(),
              scale / median(b.seconds), 100 * share_below(b.seconds, a.seconds),
              verdict(a.seconds, b.seconds).c_str());
}

}  // namespace

double share_below(const std::vector<double>& b, const std::vector<double>& a) {
  double below = 0;
  for (const double x : b) {
    for (const double y : a) below += x < y ? 1.0 : x == y ? 0.5 : 0.0;
  }
  return below / double(a.size() * b.size());
}

std::string verdict(const std::vector<double>& a, const std::vector<double>& b) {
  if (std::min(a.size(), b.size()) < kFewestSamples) return "too few samples";
  if (quantile(b, 0.75) < quantile(a, 0.25)) return "faster";
  if (quantile(b, 0.25) > quantile(a, 0.75)) return "slower";
  return "no difference";
}

void print_comparison(const std::string& file_a, const std::string& file_b) {
  const Report a = read_report(file_a), b = read_report(file_b);
  bool common = false;
  for (const Case& of_a : a.cases) {
    const Case* const of_b = find(b.cases, of_a.name);
    if (!of_b) continue;
    bool headed = false;
    for (const Timing& timing : of_a.timings) {
      const Timing* const other = find(of_b->timings, timing.name);
      if (!other) continue;
      if (!common) print_differences(a.about, b.about);
      if (!headed) print_head(of_a.name);
      common = headed = true;
      print_row(timing, *other);
    }
  }
  if (!common) throw FileError(file_a + " and " + file_b + " have timed nothing in common");
  std::printf("\n");
  print_rest("A", a, b);
  print_rest("B", b, a);
  std::printf(
      "Medians. \"B faster\": in how many of all pairs of samples, one of each, B took less; 50 "
      "%%"
      " is no difference.\n\"faster\" and \"slower\" need the middle halves of the samples to lie"
      " apart, and %zu samples of each.\n",
      kFewestSamples);
}

}  // namespace ffwd::bench
