// JSON of files that may be damaged: an object whose fields are asked for by key and type. What is
// not as asked for throws FileError with the origin, the key, what was found and what was expected.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ffwd {

class JsonObject {
 public:
  // `origin`: what messages begin with, the file's name for one.
  JsonObject(nlohmann::json value, std::string origin);
  static JsonObject parse(const std::string& text, const std::string& origin);

  std::string text(const char* key) const;
  bool truth(const char* key) const;
  double number(const char* key) const;  // NaN for null
  std::optional<double> optional_number(const char* key) const;
  std::optional<double> fraction(const char* key) const;  // in [0, 1]
  uint64_t unsigned_number(const char* key) const;
  int64_t count(const char* key) const;  // from 0 to 2^63 - 1
  const nlohmann::json& list(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<double> numbers(const char* key) const;  // NaN for null

  // Throws: the field is not what was expected.
  [[noreturn]] void wrong(const char* key, const std::string& expected) const;

 private:
  const nlohmann::json& at(const char* key) const;

  nlohmann::json value_;
  std::string origin_;
};

// Whether it is a whole number from 0 to 2^63 - 1.
bool is_count(const nlohmann::json& value);

}  // namespace ffwd
