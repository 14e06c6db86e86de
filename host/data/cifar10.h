// Reader of the binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records
// of one label byte and 3 x 32 x 32 pixel bytes, all red ones first, then green, then blue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/dataset.h"

namespace ffwd {

// The batches one after another, pixels turned to 32 x 32 x 3; the first `most` images, without the
// files behind them. Each file, plain, gzip or xz, must hold exactly `images_per_batch` records.
// Throws DataError that names the file, the offset, what was found there and what was expected.
Images read_cifar10(const std::vector<std::string>& batch_paths, int64_t most = INT64_MAX,
                    int64_t images_per_batch = 10000);

}  // namespace ffwd
