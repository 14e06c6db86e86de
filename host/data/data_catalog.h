// The data sets that ffwd knows: their files, where these can be had, and how to recognise them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/dataset.h"

namespace ffwd {

enum class FileFormat { idx, cifar10 };

// Bytes and hash are those of the content, not of a compressed file: mirrors and distributions
// compress the same content differently.
struct DataFile {
  std::string name;  // without .gz or .xz
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal
};

struct CatalogEntry {
  std::string name;
  DatasetFormat format;
  FileFormat file_format = FileFormat::idx;
  std::vector<DataFile> files;       // in the order in which load_dataset reads them
  std::vector<std::string> mirrors;  // URLs of folders, tried in this order
  std::string tarball;               // .tar.gz on a mirror with all files; empty: each as NAME.gz
  std::string package;               // Debian package that installs it, or empty
};

const std::vector<CatalogEntry>& data_catalog();

// Throws DataError that lists the known names, with the nearest one, if there is no such entry.
const CatalogEntry& catalog_entry(const std::string& name);

}  // namespace ffwd
