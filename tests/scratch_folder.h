// A folder of its own for each test, and the words of the error that a call throws.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "host/errors.h"

namespace ffwd {

// Makes `root_` for a test and removes it afterwards.
class ScratchFolderTest : public testing::Test {
 protected:
  ScratchFolderTest() {
    std::string pattern = testing::TempDir() + "ffwd_test.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = pattern;
  }
  ~ScratchFolderTest() override { std::filesystem::remove_all(root_); }

  static void put(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  static size_t files_in(const std::string& path) {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  }

  std::string root_;
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

}  // namespace ffwd
