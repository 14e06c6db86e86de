// Finding a known data set on this machine and reading it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/data/data_catalog.h"
#include "host/data/dataset.h"

namespace ffwd {

// $XDG_CACHE_HOME/ffwd or ~/.cache/ffwd, where `ffwd data fetch` puts data sets; empty if neither
// variable is set.
std::string user_data_folder();

// The folders that are searched, in this order: `data_dir` unless empty, $FFWD_DATA_DIR,
// user_data_folder(), /usr/share/datasets.
std::vector<std::string> data_places(const std::string& data_dir);

// The path of `file` in `folder`: plain, .gz or .xz, also with ".idx" in place of "-idx".
std::optional<std::string> find_data_file(const std::string& folder, const DataFile& file);

// True if the content of the file at `path` is that of `file`, by size and hash; false also if it
// cannot be read.
bool has_content_of(const std::string& path, const DataFile& file);

// The first folder, PLACE/NAME or PLACE itself for each place, that holds all files of the data
// set. MNIST and Fashion-MNIST have files of the same names: a folder with the other one's test
// labels is passed over. Throws DataError if there is no data set of that name.
std::optional<std::string> find_dataset(const std::string& name, const std::string& data_dir = "");

// How many images to keep at most.
struct MostImages {
  int64_t train = INT64_MAX, test = INT64_MAX;
};

// Finds and reads it. Contents may differ from the published ones (fewer images, say), their shape
// may not. Throws DataError: no such name, not found (with the places and the remedy), bad file.
Dataset load_dataset(const std::string& name, const std::string& data_dir = "",
                     const MostImages& most = {});

}  // namespace ffwd
