// The kinds of values that a recipe holds. Each says what it expects, reads a word and writes one:
//
//   std::string expected() const;
//   std::vector<std::string> words() const;                those that it takes, if it takes words
//   bool read(const std::string& word, T& value) const;    false: not what was expected
//   std::string write(const T& value) const;               the shortest text that reads as it
//
// Lists read all the words of a value instead.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/recipe/recipe_text.h"
#include "kernels/names.h"

namespace ffwd {

// The whole of `word` as a number; no locale, no white space, nothing behind it.
template <typename T>
bool read_number(const std::string& word, T& value) {
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  return error == std::errc() && stop == end;
}

template <typename T>
std::string write_number(T value) {
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <typename T>
struct Integer {
  T low, high;

  std::string expected() const {
    return "an integer from " + write_number(low) + " to " + write_number(high);
  }
  std::vector<std::string> words() const { return {}; }
  bool read(const std::string& word, T& value) const {
    return read_number(word, value) && low <= value && value <= high;
  }
  std::string write(T value) const { return write_number(value); }
};

enum class Bounds { both, without_low, without_high };

struct Number {
  float low, high;
  Bounds bounds = Bounds::both;

  std::string expected() const {
    return "a number " + std::string(bounds == Bounds::without_low ? "above " : "from ") +
           write_number(low) + (bounds == Bounds::without_high ? " to below " : " to ") +
           write_number(high);
  }
  std::vector<std::string> words() const { return {}; }
  bool read(const std::string& word, float& value) const {
    double read = 0.0;  // has what a float rounds to zero
    if (!read_number(word, read) || !(low <= read && read <= high)) return false;
    value = static_cast<float>(read);
    if (std::fpclassify(value) == FP_SUBNORMAL) value = 0.0f;  // as devices take it
    return !(bounds == Bounds::without_low && value == low) &&
           !(bounds == Bounds::without_high && value == high);
  }
  std::string write(float value) const { return write_number(value); }
};

struct Switch {
  std::string expected() const { return "true or false"; }
  std::vector<std::string> words() const { return {"true", "false"}; }
  bool read(const std::string& word, bool& value) const {
    value = word == "true";
    return value || word == "false";
  }
  std::string write(bool value) const { return value ? "true" : "false"; }
};

struct Text {
  std::string expected() const { return "a text"; }
  std::vector<std::string> words() const { return {}; }
  bool read(const std::string& word, std::string& value) const {
    value = word;
    return true;
  }
  std::string write(const std::string& value) const { return write_text(value); }
};

// One of a few names, each standing for a value of T.
template <typename T>
struct Choice {
  std::vector<Named<T>> table;

  std::string expected() const {
    std::string all;
    for (const std::string& word : words()) all += (all.empty() ? "one of " : ", ") + word;
    return all;
  }
  std::vector<std::string> words() const { return names(table); }
  bool read(const std::string& word, T& value) const { return read_name(table, word, value); }
  std::string write(const T& value) const { return write_text(name_of(table, value)); }
};

template <typename Item>
struct List {
  Item item;
  std::size_t longest;

  std::string expected() const {
    return "an array [a, b, ...] of 1 to " + write_number(longest) + " values, each " +
           item.expected();
  }
  std::vector<std::string> words() const { return {}; }
  template <typename T>
  bool read(const std::vector<std::string>& words, std::vector<T>& values) const {
    values.clear();
    for (const std::string& word : words) {
      T value;
      if (!item.read(word, value)) return false;
      values.push_back(value);
    }
    return !values.empty() && values.size() <= longest;
  }
  template <typename T>
  std::string write(const std::vector<T>& values) const {
    std::string all;
    for (const T value : values) all += (all.empty() ? "" : ", ") + item.write(value);
    return "[" + all + "]";
  }
};

// A number, or a word where there is none.
struct NumberOrWord {
  Number number;
  std::string word;

  std::string expected() const { return number.expected() + ", or \"" + word + "\""; }
  std::vector<std::string> words() const { return {word}; }
  bool read(const std::string& word_read, std::optional<float>& value) const {
    value.reset();
    return word_read == word || number.read(word_read, value.emplace());
  }
  std::string write(const std::optional<float>& value) const {
    return value ? number.write(*value) : write_text(word);
  }
};

// A number for each layer or one for all of them, or a word that leaves the list empty.
struct NumbersOrWord {
  List<Number> numbers;
  std::string word;

  std::string expected() const {
    return numbers.item.expected() + ", an array [a, b, ...] of one for each layer, or \"" + word +
           "\"";
  }
  std::vector<std::string> words() const { return {word}; }
  bool read(const std::vector<std::string>& words, std::vector<float>& values) const {
    values.clear();
    return words == std::vector<std::string>{word} || numbers.read(words, values);
  }
  std::string write(const std::vector<float>& values) const {
    if (values.empty()) return write_text(word);
    return values.size() == 1 ? numbers.item.write(values[0]) : numbers.write(values);
  }
};

}  // namespace ffwd
