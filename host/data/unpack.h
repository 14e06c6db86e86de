// The files of a data set out of a tarball.
#pragma once

#include <string>
#include <vector>

#include "host/data/data_catalog.h"

namespace ffwd {

// Writes each of `files` found in the .tar.gz at `tarball`, in whatever folder there, to `folder`
// under its own name; anything else in the tarball is passed over. A file appears only whole, with
// its size and hash checked. Throws DataError if the tarball is damaged, lacks a file or holds
// another content, FileError if `folder` cannot be written.
void unpack_data_files(const std::string& tarball, const std::vector<DataFile>& files,
                       const std::string& folder);

}  // namespace ffwd
