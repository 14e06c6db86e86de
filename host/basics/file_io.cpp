#include "host/basics/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

constexpr const char* kSiblingSuffix = ".tmp-";  // then numbers that make it the only one

[[noreturn]] void fail_with_errno(const char* action, const std::string& path) {
  const std::string reason = std::generic_category().message(errno);
  throw FileError(std::string("cannot ") + action + " " + path + ": " + reason);
}

// An open file that closes itself. `name` is what messages call it.
class OpenFile {
 public:
  OpenFile(const std::string& path, int mode, const char* action, const std::string& name)
      : action_(action), name_(name), fd_(::open(path.c_str(), mode | O_CLOEXEC, 0666)) {
    check(fd_ >= 0);
  }
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      check(written >= 0);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  // The number of bytes read; 0 at the end of the file.
  size_t read(char* into, size_t size) {
    for (;;) {
      const ssize_t got = ::read(fd_, into, size);
      if (got < 0 && errno == EINTR) continue;
      check(got >= 0);
      return static_cast<size_t>(got);
    }
  }

  off_t size() {
    struct stat status = {};
    check(::fstat(fd_, &status) == 0);
    return status.st_size;
  }

  void sync() { check(::fsync(fd_) == 0); }

  void cut_to(off_t size) noexcept {
    if (::ftruncate(fd_, size) != 0)
      return;  // a device cannot be cut: nothing was stored there either
  }

  // Some file systems tell only here that the disk is full.
  void close() {
    const int fd = fd_;
    fd_ = -1;
    check(::close(fd) == 0);
  }

 private:
  void check(bool fine) const {
    if (!fine) fail_with_errno(action_, name_);
  }

  const char* action_;
  const std::string name_;
  int fd_;
};

// What `path` links to, which need not exist; `path` if it is no link.
std::string behind_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as in Linux
  const std::string first = path.string();
  std::error_code ignored;
  for (int links = 0; std::filesystem::is_symlink(path, ignored); ++links) {
    if (links == kMostLinks) throw FileError("cannot write " + first + ": too many links");
    path = path.parent_path() / std::filesystem::read_symlink(path);  // which may be absolute
  }
  return path.string();
}

// Makes a rename in the folder of `path` survive a power failure.
void sync_folder_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // a folder one may write to but not list: the file itself is safe
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  errno = error;
  if (result != 0 && error != EINVAL && error != ENOTSUP) fail_with_errno("write", path);
}

}  // namespace

void write_file_atomically(const std::string& file_or_link, std::string_view bytes) {
  write_file_atomically(file_or_link, [&](const WriteBytes& write) { write(bytes); });
}

void write_file_atomically(const std::string& file_or_link,
                           const std::function<void(const WriteBytes&)>& fill) {
  std::error_code ignored;
  const auto status = std::filesystem::status(file_or_link, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw FileError("cannot write " + file_or_link + ": it exists and is not a regular file");
  }
  const std::string path = behind_links(file_or_link);

  static std::atomic<unsigned> count{0};
  const std::string sibling =
      path + kSiblingSuffix + std::to_string(::getpid()) + "-" + std::to_string(count++);
  try {
    OpenFile file(sibling, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, "write", path);
    fill([&](std::string_view bytes) { file.write(bytes); });
    file.sync();
    file.close();
    if (std::rename(sibling.c_str(), path.c_str()) != 0) fail_with_errno("write", path);
  } catch (...) {
    ::unlink(sibling.c_str());
    throw;
  }
  sync_folder_of(path);
}

void check_can_write(const std::string& file_or_link) {
  struct Enough {};
  try {
    write_file_atomically(file_or_link, [](const WriteBytes&) { throw Enough(); });
  } catch (const Enough&) {
  }
}

bool is_half_written(const std::string& name, const std::string& file) {
  return name.rfind(file + kSiblingSuffix, 0) == 0;
}

void append_to_file(const std::string& path, std::string_view bytes) {
  OpenFile file(path, O_WRONLY | O_CREAT | O_APPEND, "write", path);
  const off_t size = file.size();
  try {
    file.write(bytes);
  } catch (...) {
    file.cut_to(size);
    throw;
  }
  file.close();
}

bool path_exists(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_with_errno("look at", path);
  return false;
}

std::string read_file(const std::string& path, uint64_t cap) {
  constexpr size_t kChunk = 1 << 20;
  OpenFile file(path, O_RDONLY, "read", path);
  std::string bytes;
  bytes.reserve(std::min(uint64_t(file.size()), cap) + kChunk);
  for (;;) {
    const size_t had = bytes.size();
    bytes.resize(had + kChunk);
    const size_t got = file.read(&bytes[had], kChunk);
    bytes.resize(had + got);
    if (bytes.size() > cap) {
      throw FileError("cannot read " + path + ": larger than the " + std::to_string(cap) +
                      " bytes that such a file may have");
    }
    if (got == 0) return bytes;
  }
}

std::string read_regular_file(const std::string& path) {
  std::error_code ignored;
  if (path_exists(path) && !std::filesystem::is_regular_file(path, ignored)) {
    throw FileError("cannot read " + path + ": it is not a regular file");
  }
  return read_file(path, UINT64_MAX);
}

void sync_file(const std::string& path) {
  OpenFile file(path, O_WRONLY, "write", path);
  file.sync();
  file.close();
}

}  // namespace ffwd
