// Two reports of `ffwd bench --json` beside each other.
#pragma once

#include <string>
#include <vector>

namespace ffwd::bench {

// In what share of the pairs of samples, one of each, b is the less; ties count half. 0.5: neither.
double share_below(const std::vector<double>& b, const std::vector<double>& a);

// What samples of times say about B: "faster" or "slower" than A only where the middle halves of the
// samples lie apart, else "no difference"; "too few samples" where one has less than 15.
std::string verdict(const std::vector<double>& a, const std::vector<double>& b);

// Prints how the times that both files have differ, and what else does. Throws FileError if one is
// no such report or they have timed nothing in common.
void print_comparison(const std::string& file_a, const std::string& file_b);

}  // namespace ffwd::bench
