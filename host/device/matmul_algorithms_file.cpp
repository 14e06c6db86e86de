#include "host/device/matmul_algorithms_file.h"

#include <zlib.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/files/strict_json.h"
#include "host/basics/errors.h"
#include "host/basics/file_io.h"

namespace ffwd {
namespace {

using nlohmann::json;

constexpr const char* kKey = "matmul_algorithms";  // so that no other file is taken for one
constexpr int kWordDigits = 16, kFlagDigits = 1, kSumDigits = 8;
constexpr const char* kDelete = "; delete it or name another file";

std::string hex(uint64_t number, int digits) {
  char text[kWordDigits + 1];
  std::snprintf(text, sizeof text, "%0*llx", digits, (unsigned long long)number);
  return text;
}

// An algorithm's words, whether sums come with the product, and a CRC-32 of these digits: cuBLASLt
// may crash on words that are not its own.
std::string to_hex(const MatmulAlgorithm& algorithm) {
  std::string text;
  for (const uint64_t word : algorithm.words) text += hex(word, kWordDigits);
  text += hex(algorithm.with_sums, kFlagDigits);
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return text + hex(crc32(0, bytes, uInt(text.size())), kSumDigits);
}

std::optional<MatmulAlgorithm> from_hex(const std::string& text) {
  MatmulAlgorithm algorithm{};
  if (text.size() != kWordDigits * algorithm.words.size() + kFlagDigits + kSumDigits) {
    return std::nullopt;
  }
  const char* at = text.data();
  for (uint64_t& word : algorithm.words) {
    std::from_chars(at, at + kWordDigits, word, 16);
    at += kWordDigits;
  }
  algorithm.with_sums = *at == '1';
  if (to_hex(algorithm) != text) return std::nullopt;
  return algorithm;
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
      const auto algorithm =
          digits.is_string() ? from_hex(digits.get<std::string>()) : std::nullopt;
      if (!algorithm) throw Error("is damaged at product " + in_quotes(product) + kDelete);
      algorithms.pinned[machine][product] = *algorithm;
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
