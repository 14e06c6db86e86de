#include "host/basics/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/basics/errors.h"

namespace ffwd {

FolderLock::FolderLock(const std::string& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) {
    const std::string reason = std::generic_category().message(errno);
    throw FileError("cannot look into " + path + ": " + reason);
  }
  // Some file systems have no locks.
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw FileError("another process is at work in " + path);
}

FolderLock::~FolderLock() {
  ::close(fd_);
}

}  // namespace ffwd
