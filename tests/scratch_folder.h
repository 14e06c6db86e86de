// A folder of its own for each test, and the words of the error that a call throws.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "host/basics/errors.h"
#include "tests/data_files.h"

namespace ffwd::test {

// `root_` is a folder of a test's own.
class ScratchFolderTest : public testing::Test {
 protected:
  static void put(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  static size_t files_in(const std::string& path) {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  }

  const TemporaryFolder folder_;
  const std::string root_ = folder_.path();
};

// The message of the FileError that `call` throws; a failure when it throws none.
template <typename Call>
std::string file_error(Call call) {
  try {
    call();
  } catch (const FileError& error) {
    EXPECT_EQ(error.code, ExitCode::files);
    return error.what();
  }
  ADD_FAILURE() << "no FileError";
  return "";
}

inline void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in '" << text << "'";
}

}  // namespace ffwd::test
