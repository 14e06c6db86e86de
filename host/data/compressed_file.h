// A file read as a stream of bytes, decompressed on the way when it starts like gzip or xz.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ffwd {

class CompressedFile {
 public:
  // Throws DataError if `path` is missing, unreadable or not a regular file.
  explicit CompressedFile(const std::string& path);
  ~CompressedFile();
  CompressedFile(const CompressedFile&) = delete;
  CompressedFile& operator=(const CompressedFile&) = delete;

  // The next `bytes` bytes of the content, fewer only where it ends. Memory grows with what is
  // really there, so a caller may ask for whatever a header promises. Throws DataError if the file
  // is truncated or damaged: gzip and xz carry checksums, and they are compared.
  std::vector<uint8_t> read(uint64_t bytes);

  // Passes over them in place of keeping them. How many there were.
  uint64_t skip(uint64_t bytes);

  class Source;  // one way of decompressing

 private:
  std::unique_ptr<Source> source_;
};

// The whole content. Throws DataError as above, and if it is longer than `max_bytes`.
std::vector<uint8_t> read_compressed_file(const std::string& path, uint64_t max_bytes);

}  // namespace ffwd
