// Reader of IDX files, the format of MNIST: a magic number, one 32-bit big-endian size for each
// dimension, then the values. Described at the foot of http://yann.lecun.com/exdb/mnist.
#pragma once

#include <cstdint>
#include <string>

#include "host/data/dataset.h"

namespace ffwd {

constexpr uint64_t kLargestIdxFile = uint64_t{1} << 30;  // bytes, decompressed

// Grey images (N x H x W unsigned bytes) and their labels (N unsigned bytes in [0, classes)), each
// file plain, gzip or xz; the first `most` of them, though the files are read to their ends. Throws
// DataError that names the file, the offset, what was found there and what was expected; memory never
// follows a header that promises more than the file holds.
Images read_idx(const std::string& images_path, const std::string& labels_path, int64_t classes,
                int64_t most = INT64_MAX, uint64_t max_bytes = kLargestIdxFile);

}  // namespace ffwd
