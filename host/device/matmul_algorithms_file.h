// The file of --matmul-algorithms, JSON: by what they were measured on and by product, the pinned
// algorithms (engine/device/matmul_algorithms.h) in hexadecimal.
#pragma once

#include <memory>
#include <string>

#include "engine/device/matmul_algorithms.h"

namespace ffwd {

// What the file holds, for whichever GPU; it is made if there is none. Every new algorithm is
// written there at once, so a training that was stopped goes on with what it began with. Throws
// FileError, and so does pinning. For one program at a time: the last that writes wins.
std::shared_ptr<MatmulAlgorithms> open_matmul_algorithms(const std::string& file);

}  // namespace ffwd
