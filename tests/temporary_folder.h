// A folder that goes away, and what is in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/check.h"

namespace ffwd::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = ::testing::TempDir() + "ffwd-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw Error("cannot make " + pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  // Writes a file, with the folders above it, and returns its path.
  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

 private:
  std::string path_;
};

// Sets an environment variable for as long as it lives.
class Environment {
 public:
  Environment(const char* variable, const std::string& value) : variable_(variable) {
    if (const char* before = getenv(variable)) before_ = {before};
    setenv(variable, value.c_str(), 1);
  }
  ~Environment() {
    if (before_.empty()) {
      unsetenv(variable_);
    } else {
      setenv(variable_, before_[0].c_str(), 1);
    }
  }

 private:
  const char* variable_;
  std::vector<std::string> before_;
};

inline void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline size_t files_in(const std::string& path) {
  namespace fs = std::filesystem;
  return size_t(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

}  // namespace ffwd::test
