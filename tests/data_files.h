// Files for the tests of the data readers: bytes in every format.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/data/data_catalog.h"
#include "host/data/sha256.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {

inline std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// What libarchive makes of `members` (name to content) with this format and filter.
inline std::string archive_of(int format, int filter,
                              const std::map<std::string, std::string>& members) {
  const auto sink = [](archive*, void* out, const void* data, size_t bytes) -> la_ssize_t {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), bytes);
    return static_cast<la_ssize_t>(bytes);
  };
  std::string out;
  archive* writer = archive_write_new();
  archive_write_set_format(writer, format);
  archive_write_add_filter(writer, filter);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open(writer, &out, nullptr, sink, nullptr);
  for (const auto& [name, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return out;
}

inline std::string gzip(const std::string& content) {
  return archive_of(ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP, {{"content", content}});
}
inline std::string xz(const std::string& content) {
  return archive_of(ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_XZ, {{"content", content}});
}
inline std::string tar_gz(const std::map<std::string, std::string>& members) {
  return archive_of(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, members);
}

// Content of `bytes` digits, different for each seed, that compression cannot make small.
inline std::string digits(uint32_t seed, int bytes) {
  std::string content;
  for (int n = 0; n < bytes; ++n) {
    seed = seed * 1664525 + 1013904223;
    content += static_cast<char>('0' + (seed >> 24) % 10);
  }
  return content;
}

// What a catalog would say of a file with this content.
inline DataFile data_file(const std::string& name, const std::string& content) {
  return {name, content.size(), sha256(bytes_of(content))};
}

inline std::string big_endian(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 255);
  return text;
}

// An IDX header: magic number, then sizes.
inline std::string idx_header(const std::vector<uint32_t>& sizes) {
  std::string text = big_endian(0x0800 + static_cast<uint32_t>(sizes.size()));
  for (const uint32_t size : sizes) text += big_endian(size);
  return text;
}

// Pixels or labels 0, 1, 2, ... modulo `modulus`, after their header.
inline std::string idx(const std::vector<uint32_t>& sizes, int modulus) {
  std::string text = idx_header(sizes);
  uint64_t values = 1;
  for (const uint32_t size : sizes) values *= size;
  for (uint64_t n = 0; n < values; ++n) text += static_cast<char>(n % modulus);
  return text;
}

}  // namespace ffwd::test
