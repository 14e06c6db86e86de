#include "host/basics/json_object.h"

#include <limits>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

using nlohmann::json;

constexpr size_t kLongestFind = 60;

}  // namespace

JsonObject::JsonObject(json value, std::string origin)
    : value_(std::move(value)), origin_(std::move(origin)) {
  if (!value_.is_object()) throw FileError(origin_ + ": expected a JSON object");
}

JsonObject JsonObject::parse(const std::string& text, const std::string& origin) {
  json value = json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) throw FileError(origin + ": damaged, not well-formed JSON");
  return {std::move(value), origin};
}

const json& JsonObject::at(const char* key) const {
  const auto found = value_.find(key);
  if (found == value_.end()) throw FileError(origin_ + ": \"" + key + "\" is missing");
  return *found;
}

void JsonObject::wrong(const char* key, const std::string& expected) const {
  const json& value = at(key);
  std::string found = value.type_name();
  if (value.is_primitive()) found = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (found.size() > kLongestFind) found = found.substr(0, kLongestFind) + "...";
  throw FileError(origin_ + ": \"" + key + "\" is " + found + ", expected " + expected);
}

std::string JsonObject::text(const char* key) const {
  if (!at(key).is_string()) wrong(key, "a string");
  return at(key).get<std::string>();
}

bool JsonObject::truth(const char* key) const {
  if (!at(key).is_boolean()) wrong(key, "true or false");
  return at(key).get<bool>();
}

double JsonObject::number(const char* key) const {
  if (at(key).is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!at(key).is_number()) wrong(key, "a number or null");
  return at(key).get<double>();
}

std::optional<double> JsonObject::optional_number(const char* key) const {
  if (at(key).is_null()) return std::nullopt;
  return number(key);
}

std::optional<double> JsonObject::fraction(const char* key) const {
  const std::optional<double> value = optional_number(key);
  if (value && !(*value >= 0 && *value <= 1)) wrong(key, "a fraction from 0 to 1, or null");
  return value;
}

uint64_t JsonObject::unsigned_number(const char* key) const {
  if (!at(key).is_number_unsigned()) wrong(key, "a whole number from 0");
  return at(key).get<uint64_t>();
}

int64_t JsonObject::count(const char* key) const {
  if (!is_count(at(key))) wrong(key, "a whole number from 0 to 2^63 - 1");
  return at(key).get<int64_t>();
}

const json& JsonObject::list(const char* key) const {
  if (!at(key).is_array()) wrong(key, "a list");
  return at(key);
}

std::vector<std::string> JsonObject::texts(const char* key) const {
  std::vector<std::string> texts;
  for (const json& item : list(key)) {
    if (!item.is_string()) wrong(key, "a list of strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<double> JsonObject::numbers(const char* key) const {
  std::vector<double> numbers;
  for (const json& item : list(key)) {
    if (!item.is_number() && !item.is_null()) wrong(key, "a list of numbers");
    numbers.push_back(item.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : item.get<double>());
  }
  return numbers;
}

bool is_count(const json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t(INT64_MAX);
}

}  // namespace ffwd
