#include "host/data/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/data/sha256.h"

namespace ffwd {
namespace {

constexpr size_t kBlock = size_t{1} << 16;

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

[[noreturn]] void fail(const std::string& tarball, archive* from) {
  const char* reason = archive_error_string(from);
  throw DataError(tarball + ": truncated or damaged (" + (reason ? reason : "no reason") + ")");
}

const DataFile* wanted(const std::vector<DataFile>& files, archive_entry* member) {
  const char* path = archive_entry_pathname(member);
  if (path == nullptr || archive_entry_filetype(member) != AE_IFREG) return nullptr;
  const std::string name = std::filesystem::path(path).filename().string();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const DataFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

std::vector<uint8_t> read_member(const std::string& tarball, archive* from, const DataFile& file,
                                 int64_t bytes) {
  if (bytes != static_cast<int64_t>(file.bytes)) {
    throw DataError(tarball + ": " + file.name + " has " + std::to_string(bytes) +
                    " bytes, expected " + std::to_string(file.bytes));
  }
  std::vector<uint8_t> content(file.bytes);
  const la_ssize_t got = archive_read_data(from, content.data(), content.size());
  if (got != bytes) fail(tarball, from);
  const std::string found = sha256(content);
  if (found != file.sha256) {
    throw DataError(tarball + ": " + file.name + " has SHA-256 " + found + ", expected " +
                    file.sha256);
  }
  return content;
}

}  // namespace

void unpack_data_files(const std::string& tarball, const std::vector<DataFile>& files,
                       const std::string& folder) {
  const Archive reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), tarball.c_str(), kBlock) != ARCHIVE_OK) {
    fail(tarball, reader.get());
  }
  std::set<std::string> written;
  archive_entry* member = nullptr;
  int status = ARCHIVE_OK;
  while (written.size() < files.size() &&
         (status = archive_read_next_header(reader.get(), &member)) == ARCHIVE_OK) {
    const DataFile* file = wanted(files, member);
    if (file == nullptr) continue;
    const std::vector<uint8_t> content =
        read_member(tarball, reader.get(), *file, archive_entry_size(member));
    write_file_atomically((std::filesystem::path(folder) / file->name).string(),
                          {reinterpret_cast<const char*>(content.data()), content.size()});
    written.insert(file->name);
  }
  if (status != ARCHIVE_OK && status != ARCHIVE_EOF) fail(tarball, reader.get());
  for (const DataFile& file : files) {
    if (written.count(file.name) == 0) throw DataError(tarball + ": holds no " + file.name);
  }
}

}  // namespace ffwd
