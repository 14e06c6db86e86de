// JSON from files that nobody vouches for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace ffwd {

// Parses `text` in time proportional to its length, and refuses what a JSON library lets pass: keys
// that occur twice in an object, zero bytes, values within more than `deepest` objects and lists,
// lists of more than `longest_list` items. Throws Error with words that follow "the text": "is not
// well-formed JSON".
nlohmann::json parse_strict_json(std::string_view text, size_t deepest, size_t longest_list);

// A string of such a file, made safe and short for a message.
std::string in_quotes(const std::string& text);

}  // namespace ffwd
