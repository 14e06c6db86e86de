// What a text holds, and what an error says.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/basics/errors.h"

namespace ffwd::test {

inline size_t occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline void expect_has(const std::string& text, const std::string& part) {
  EXPECT_GT(occurrences(text, part), 0u) << "'" << part << "' is not in: " << text;
}

inline void expect_contains(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) expect_has(text, part);
}

// The message of the UserError with this code that `call` must throw.
template <typename Call>
std::string error_of(ExitCode code, const Call& call) {
  try {
    call();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code, code) << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "an error of another kind: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace ffwd::test
