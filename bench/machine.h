// What reports say about where they were measured.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ffwd::bench {

// The commit, the number of threads, and the versions of libraries and drivers. No name of a host.
nlohmann::ordered_json describe_machine(const std::string& commit);

}  // namespace ffwd::bench
