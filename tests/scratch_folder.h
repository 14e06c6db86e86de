// A folder of its own for each test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

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

}  // namespace ffwd::test
