// Fetching a known data set from its mirrors.
#pragma once

#include <string>

#include "host/data/data_catalog.h"
#include "host/data/download.h"

namespace ffwd {

// Makes DESTINATION/NAME hold every file of the data set and returns that folder. A file that is
// there with the right content is left alone; a partial download (.part) is gone on with; a file
// takes its final name only when its content has been compared with the catalog's SHA-256. Mirrors
// are tried in order; `mirror`, the URL of a folder, stands in for all of them. Throws DataError
// (unknown name; each URL with its reason), FileError (cannot write), UserError with
// ExitCode::interrupted (`on_progress` said stop).
std::string fetch_dataset(const std::string& name, const std::string& destination,
                          const std::string& mirror = "", const OnFetchProgress& on_progress = {});

// The same for an entry of the caller's own.
std::string fetch_dataset(const CatalogEntry& entry, const std::string& destination,
                          const std::string& mirror = "", const OnFetchProgress& on_progress = {});

}  // namespace ffwd
