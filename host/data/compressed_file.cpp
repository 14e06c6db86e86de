#include "host/data/compressed_file.h"

#include <archive.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "host/basics/errors.h"

namespace ffwd {

class CompressedFile::Source {
 public:
  virtual ~Source() = default;
  // Up to `bytes` bytes to `to`; 0 at the end of the content.
  virtual size_t read(uint8_t* to, size_t bytes) = 0;
};

namespace {

constexpr size_t kChunk = size_t{1} << 20;
constexpr uint64_t kLargestReserve = uint64_t{1} << 26;
constexpr char kXzMagic[6] = {'\xFD', '7', 'z', 'X', 'Z', '\0'};

// Plain files and gzip. Not libarchive, which leaves the checksum of gzip unread.
class GzipSource : public CompressedFile::Source {
 public:
  explicit GzipSource(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw DataError(path_ + ": cannot be opened: " + std::strerror(errno));
  }
  ~GzipSource() override { gzclose(file_); }

  size_t read(uint8_t* to, size_t bytes) override {
    errno = 0;
    const int got = gzread(file_, to, static_cast<unsigned>(bytes));
    int code = Z_OK;
    const char* reason = gzerror(file_, &code);
    if (code == Z_ERRNO) throw DataError(path_ + ": cannot be read: " + std::strerror(errno));
    if (code == Z_BUF_ERROR) throw DataError(path_ + ": truncated: the gzip data stop early");
    if (got < 0) throw DataError(path_ + ": damaged gzip data (" + without_path(reason) + ")");
    return static_cast<size_t>(got);
  }

 private:
  // zlib puts "PATH: " in front of its reason.
  std::string without_path(const std::string& reason) const {
    const bool prefixed = reason.compare(0, path_.size() + 2, path_ + ": ") == 0;
    return prefixed ? reason.substr(path_.size() + 2) : reason;
  }

  std::string path_;
  gzFile file_;
};

class XzSource : public CompressedFile::Source {
 public:
  explicit XzSource(const std::string& path)
      : path_(path), archive_(archive_read_new(), archive_read_free) {
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_format_raw(archive_.get());
    archive_read_support_format_empty(archive_.get());
    archive_entry* entry = nullptr;
    int status = archive_read_open_filename(archive_.get(), path.c_str(), kChunk);
    if (status == ARCHIVE_OK) status = archive_read_next_header(archive_.get(), &entry);
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF) fail();
    ended_ = status == ARCHIVE_EOF;
  }

  size_t read(uint8_t* to, size_t bytes) override {
    if (ended_) return 0;
    const la_ssize_t got = archive_read_data(archive_.get(), to, bytes);
    if (got < 0) fail();
    return static_cast<size_t>(got);
  }

 private:
  [[noreturn]] void fail() const {
    const char* reason = archive_error_string(archive_.get());
    throw DataError(path_ + ": truncated or damaged xz data (" + (reason ? reason : "no reason") +
                    ")");
  }

  std::string path_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  bool ended_ = false;
};

bool starts_like_xz(const std::string& path) {
  char start[sizeof kXzMagic] = {};
  std::ifstream(path, std::ios::binary).read(start, sizeof start);
  return std::memcmp(start, kXzMagic, sizeof start) == 0;
}

}  // namespace

CompressedFile::CompressedFile(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw DataError(path + ": cannot be opened: " + error.message());
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw DataError(path + ": not a regular file");
  }
  if (starts_like_xz(path)) {
    source_ = std::make_unique<XzSource>(path);
  } else {
    source_ = std::make_unique<GzipSource>(path);
  }
}

CompressedFile::~CompressedFile() = default;

std::vector<uint8_t> CompressedFile::read(uint64_t bytes) {
  std::vector<uint8_t> content;
  content.reserve(std::min(bytes, kLargestReserve));
  while (content.size() < bytes) {
    const size_t before = content.size();
    const size_t wanted = std::min<uint64_t>(kChunk, bytes - before);
    content.resize(before + wanted);
    const size_t got = source_->read(content.data() + before, wanted);
    content.resize(before + got);
    if (got == 0) break;
  }
  return content;
}

uint64_t CompressedFile::skip(uint64_t bytes) {
  std::vector<uint8_t> chunk(kChunk);
  uint64_t skipped = 0;
  while (skipped < bytes) {
    const size_t got = source_->read(chunk.data(), std::min<uint64_t>(kChunk, bytes - skipped));
    if (got == 0) break;
    skipped += got;
  }
  return skipped;
}

std::vector<uint8_t> read_compressed_file(const std::string& path, uint64_t max_bytes) {
  CompressedFile file(path);
  std::vector<uint8_t> content = file.read(max_bytes);
  if (!file.read(1).empty()) {
    throw DataError(path + ": content goes on after " + std::to_string(max_bytes) +
                    " bytes, the most that is accepted");
  }
  return content;
}

}  // namespace ffwd
