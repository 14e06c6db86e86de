#include "engine/files/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "kernels/check.h"

namespace ffwd {
namespace {

using nlohmann::json;

// Walks over a text and keeps nothing but what the checks need.
class Checker : public json::json_sax_t {
 public:
  Checker(size_t deepest, size_t longest_list) : deepest_(deepest), longest_list_(longest_list) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    if (!open_.back().keys.insert(key).second)
      throw Error("holds key " + in_quotes(key) + " twice");
    return true;
  }

  bool parse_error(size_t, const std::string&, const json::exception&) override { return false; }

 private:
  // An object or list that has begun and not ended.
  struct Open {
    std::set<std::string> keys;  // of an object
    size_t values = 0;
  };

  bool value() {
    if (open_.empty()) return true;
    Open& parent = open_.back();
    const bool list = parent.keys.empty();  // an object has its key before its value
    if (++parent.values > longest_list_ && list) throw Error("holds too long a list");
    return true;
  }

  bool open() {
    value();
    if (open_.size() == deepest_) throw Error("is nested too deeply");
    open_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const size_t deepest_, longest_list_;
  std::vector<Open> open_;
};

}  // namespace

json parse_strict_json(std::string_view text, size_t deepest, size_t longest_list) {
  // The library takes a zero byte for the end and skips what follows.
  if (text.find('\0') != text.npos) throw Error("holds a zero byte");
  Checker checker(deepest, longest_list);
  if (!json::sax_parse(text.begin(), text.end(), &checker)) {
    throw Error("is not well-formed JSON");
  }
  return json::parse(text.begin(), text.end());
}

std::string in_quotes(const std::string& text) {
  const bool cut = text.size() > 60;
  return json(cut ? text.substr(0, 60) + "..." : text)
      .dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
}

}  // namespace ffwd
