#include "host/data/load_dataset.h"

#include <cstdlib>
#include <filesystem>

#include "host/basics/errors.h"
#include "host/data/cifar10.h"
#include "host/data/compressed_file.h"
#include "host/data/idx.h"
#include "host/data/sha256.h"

namespace ffwd {
namespace {

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

std::string join(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

bool holds_all_files(const std::string& folder, const CatalogEntry& entry) {
  for (const DataFile& file : entry.files) {
    if (!find_data_file(folder, file)) return false;
  }
  return true;
}

// True if the last file in `folder`, the test labels, is that of another data set.
bool holds_another(const std::string& folder, const CatalogEntry& entry) {
  for (const CatalogEntry& other : data_catalog()) {
    const DataFile& file = other.files.back();
    if (other.name == entry.name || file.name != entry.files.back().name) continue;
    if (has_content_of(*find_data_file(folder, file), file)) return true;
  }
  return false;
}

std::string not_found(const CatalogEntry& entry, const std::string& data_dir) {
  std::string places;
  for (const std::string& place : data_places(data_dir)) {
    places += (places.empty() ? "" : ", ") + place;
  }
  std::string remedy = "`ffwd data fetch " + entry.name + "`";
  if (!entry.package.empty()) remedy += " or `apt-get install " + entry.package + "`";
  return "data set '" + entry.name + "' found in none of " + places + ": run " + remedy;
}

void expect_shape(const Images& images, const CatalogEntry& entry, const std::string& path) {
  if (images.shape.height != entry.format.image.height ||
      images.shape.width != entry.format.image.width) {
    throw DataError(path + ": images of " + std::to_string(images.shape.height) + " x " +
                    std::to_string(images.shape.width) + " pixels, expected " +
                    std::to_string(entry.format.image.height) + " x " +
                    std::to_string(entry.format.image.width));
  }
}

}  // namespace

std::string user_data_folder() {
  const std::string cache = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (!cache.empty()) return join(cache, "ffwd");
  return home.empty() ? "" : join(home, ".cache/ffwd");
}

std::vector<std::string> data_places(const std::string& data_dir) {
  std::vector<std::string> places;
  for (const std::string& place : {data_dir, environment("FFWD_DATA_DIR"), user_data_folder(),
                                   std::string("/usr/share/datasets")}) {
    if (!place.empty()) places.push_back(place);
  }
  return places;
}

std::optional<std::string> find_data_file(const std::string& folder, const DataFile& file) {
  std::vector<std::string> spellings = {file.name};
  const size_t dash = file.name.find("-idx");
  if (dash != std::string::npos) spellings.push_back(std::string(file.name).replace(dash, 1, "."));
  for (const std::string& spelling : spellings) {
    for (const char* suffix : {"", ".gz", ".xz"}) {
      const std::string path = join(folder, spelling + suffix);
      std::error_code ignored;
      if (std::filesystem::is_regular_file(path, ignored)) return path;
    }
  }
  return std::nullopt;
}

bool has_content_of(const std::string& path, const DataFile& file) {
  try {
    const std::vector<uint8_t> content = read_compressed_file(path, file.bytes);
    return content.size() == file.bytes && sha256(content) == file.sha256;
  } catch (const DataError&) {
    return false;
  }
}

std::optional<std::string> find_dataset(const std::string& name, const std::string& data_dir) {
  const CatalogEntry& entry = catalog_entry(name);
  for (const std::string& place : data_places(data_dir)) {
    for (const std::string& folder : {join(place, name), place}) {
      if (holds_all_files(folder, entry) && !holds_another(folder, entry)) return folder;
    }
  }
  return std::nullopt;
}

Dataset load_dataset(const std::string& name, const std::string& data_dir, const MostImages& most) {
  const CatalogEntry& entry = catalog_entry(name);
  const std::optional<std::string> folder = find_dataset(name, data_dir);
  if (!folder) throw DataError(not_found(entry, data_dir));
  std::vector<std::string> paths;
  for (const DataFile& file : entry.files) paths.push_back(*find_data_file(*folder, file));

  Dataset dataset;
  dataset.name = entry.name;
  dataset.format = entry.format;
  if (entry.file_format == FileFormat::idx) {
    const auto classes = static_cast<int64_t>(entry.format.class_names.size());
    dataset.train = read_idx(paths[0], paths[1], classes, most.train);
    dataset.test = read_idx(paths[2], paths[3], classes, most.test);
    expect_shape(dataset.train, entry, paths[0]);
    expect_shape(dataset.test, entry, paths[2]);
  } else {
    dataset.train = read_cifar10({paths.begin(), paths.end() - 1}, most.train);
    dataset.test = read_cifar10({paths.back()}, most.test);
  }
  return dataset;
}

}  // namespace ffwd
