#include "host/training/matmul_algorithms_file.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/strict_json.h"
#include "host/basics/errors.h"
#include "host/basics/file_io.h"

namespace ffwd {
namespace {

using nlohmann::json;

constexpr const char* kKey = "matmul_algorithms";  // so that no other file is taken for one
constexpr size_t kWordDigits = 16;
constexpr const char* kDelete = "; delete it or name another file";

std::string to_hex(const MatmulAlgorithm& algorithm) {
  std::string text;
  for (const uint64_t word : algorithm) {
    char digits[kWordDigits + 1];
    std::snprintf(digits, sizeof digits, "%016llx", (unsigned long long)word);
    text += digits;
  }
  return text;
}

bool read_hex(const std::string& text, MatmulAlgorithm& algorithm) {
  if (text.size() != kWordDigits * algorithm.size()) return false;
  const char* at = text.data();
  for (uint64_t& word : algorithm) {
    if (std::from_chars(at, at + kWordDigits, word, 16).ptr != at + kWordDigits) return false;
    at += kWordDigits;
  }
  return true;
}

void save(const MatmulAlgorithms& algorithms) {
  json machines = json::object();
  for (const auto& [machine, products] : algorithms.pinned) {
    for (const auto& [product, algorithm] : products) {
      machines[machine][product] = to_hex(algorithm);
    }
  }
  write_file_atomically(algorithms.origin, json{{kKey, machines}}.dump(1) + "\n");
}

// Throws Error with words that follow the file's name.
void read(const std::string& text, MatmulAlgorithms& algorithms) {
  const json all = parse_strict_json(text, /*deepest=*/3, /*longest_list=*/0);
  const bool ours = all.is_object() && all.size() == 1 && all.contains(kKey);
  if (!ours || !all[kKey].is_object())
    throw Error("was not written by --matmul-algorithms; name another file");
  for (const auto& [machine, products] : all[kKey].items()) {
    if (!products.is_object())
      throw Error("holds no algorithms for " + in_quotes(machine) + kDelete);
    for (const auto& [product, digits] : products.items()) {
      if (!digits.is_string() ||
          !read_hex(digits.get<std::string>(), algorithms.pinned[machine][product])) {
        throw Error("holds something else than 128 hexadecimal digits for product " +
                    in_quotes(product) + kDelete);
      }
    }
  }
}

}  // namespace

std::shared_ptr<MatmulAlgorithms> open_matmul_algorithms(const std::string& file) {
  constexpr uint64_t kMostBytes = uint64_t(64) << 20;
  const auto algorithms = std::make_shared<MatmulAlgorithms>();
  algorithms->origin = file;
  algorithms->save = save;
  std::error_code no_such_path;
  if (std::filesystem::exists(file, no_such_path)) {
    const std::string text = read_file(file, kMostBytes);
    try {
      read(text, *algorithms);
    } catch (const Error& error) {
      throw FileError(file + " " + error.what());
    }
  } else {
    save(*algorithms);  // to find out early that it cannot be written
  }
  return algorithms;
}

}  // namespace ffwd
