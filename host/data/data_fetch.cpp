#include "host/data/data_fetch.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "host/basics/errors.h"
#include "host/basics/folder_lock.h"
#include "host/data/compressed_file.h"
#include "host/data/load_dataset.h"
#include "host/data/sha256.h"
#include "host/data/unpack.h"

namespace ffwd {
namespace {

namespace fs = std::filesystem;

// Compressed files may be a little larger than their content, and tar adds headers.
constexpr uint64_t kSlack = uint64_t{1} << 20;

// Checks a finished download and gives it, or what is in it, its final name. Throws DataError if
// it is not what it should be.
using Accept = std::function<void(const std::string& part)>;

struct Fetch {
  std::string remote_name;  // below a mirror
  uint64_t max_bytes;
  Accept accept;
};

uint64_t size_or_zero(const std::string& path) {
  std::error_code missing;
  const auto bytes = fs::file_size(path, missing);
  return missing ? 0 : bytes;
}

void remove_if_there(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

// One mirror. What was resumed and turns out wrong may have begun as another file: once more, anew.
void fetch_from(const std::string& url, const std::string& part, const Fetch& fetch,
                const OnFetchProgress& on_progress) {
  while (true) {
    const bool resumed = size_or_zero(part) > 0;
    try {
      download(url, part, fetch.max_bytes, on_progress);
    } catch (const DataError&) {
      if (size_or_zero(part) == 0) remove_if_there(part);
      throw;
    }
    try {
      return fetch.accept(part);
    } catch (const DataError&) {
      remove_if_there(part);
      if (size_or_zero(part) > 0) throw FileError(part + ": is damaged and cannot be removed");
      if (!resumed) throw;
    }
  }
}

void fetch_from_any(const std::vector<std::string>& mirrors, const std::string& part,
                    const Fetch& fetch, const OnFetchProgress& on_progress) {
  std::string reasons;
  for (const std::string& mirror : mirrors) {
    const std::string url = mirror + (mirror.back() == '/' ? "" : "/") + fetch.remote_name;
    try {
      return fetch_from(url, part, fetch, on_progress);
    } catch (const DataError& error) {
      reasons += (reasons.empty() ? "" : "; ") + url + ": " + error.what();
    }
  }
  throw DataError("cannot fetch " + fetch.remote_name + ": " + reasons);
}

bool is_there(const std::string& folder, const DataFile& file) {
  const auto path = find_data_file(folder, file);
  return path && has_content_of(*path, file);
}

// NAME.gz, kept as it comes.
Fetch single_file(const DataFile& file, const std::string& folder) {
  const std::string path = (fs::path(folder) / (file.name + ".gz")).string();
  const auto there = find_data_file(folder, file);
  if (there && *there != path) {
    throw DataError(*there + ": not the published content, but read before " + path +
                    ": move it away first");
  }
  const Accept accept = [=](const std::string& part) {
    const std::string found = sha256(read_compressed_file(part, file.bytes));
    if (found != file.sha256) {
      throw DataError("content has SHA-256 " + found + ", expected " + file.sha256);
    }
    std::error_code error;
    fs::rename(part, path, error);
    if (error) throw FileError(path + ": cannot be put there: " + error.message());
  };
  return {file.name + ".gz", file.bytes + kSlack, accept};
}

// All files in one, kept only until they are out.
Fetch tarball(const CatalogEntry& entry, const std::string& folder) {
  uint64_t bytes = kSlack;
  for (const DataFile& file : entry.files) bytes += file.bytes;
  const Accept accept = [=](const std::string& part) {
    unpack_data_files(part, entry.files, folder);
    remove_if_there(part);
  };
  return {entry.tarball, bytes, accept};
}

}  // namespace

std::string fetch_dataset(const CatalogEntry& entry, const std::string& destination,
                          const std::string& mirror, const OnFetchProgress& on_progress) {
  const std::string folder = (fs::path(destination) / entry.name).string();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw FileError(folder + ": cannot be created: " + error.message());
  const FolderLock lock(folder);

  std::vector<Fetch> fetches;
  for (const DataFile& file : entry.files) {
    if (is_there(folder, file)) continue;
    if (!entry.tarball.empty()) {
      fetches = {tarball(entry, folder)};
      break;
    }
    fetches.push_back(single_file(file, folder));
  }
  const auto mirrors = mirror.empty() ? entry.mirrors : std::vector<std::string>{mirror};
  for (const Fetch& fetch : fetches) {
    const std::string part = (fs::path(folder) / (fetch.remote_name + ".part")).string();
    try {
      fetch_from_any(mirrors, part, fetch, on_progress);
    } catch (...) {
      remove_if_there(folder);  // if it is empty
      throw;
    }
  }
  return folder;
}

std::string fetch_dataset(const std::string& name, const std::string& destination,
                          const std::string& mirror, const OnFetchProgress& on_progress) {
  return fetch_dataset(catalog_entry(name), destination, mirror, on_progress);
}

}  // namespace ffwd
