// One process at a time in a folder.
#pragma once

#include <string>

namespace ffwd {

// Keeps a folder for this process as long as it lives. Throws FileError when another one has it.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace ffwd
