// What users can do wrong or meet, each with the exit code that `ffwd` ends with.
#pragma once

#include "kernels/check.h"

namespace ffwd {

enum class ExitCode : int {
  ok = 0,
  internal = 1,      // a bug, or a library that failed
  usage = 2,         // the command line
  recipe = 3,        // a recipe
  data = 4,          // a data set or an image
  files = 5,         // a run folder or a model: missing, damaged, disk full
  not_finite = 6,    // the training produced NaN or infinity
  memory = 7,        // host or device memory
  device = 8,        // no such device, or not built for it
  interrupted = 75,  // stopped by a signal; what was learnt is saved
};

struct UserError : Error {
  UserError(ExitCode code, const std::string& what) : Error(what), code(code) {}
  ExitCode code;
};

struct RecipeError : UserError {
  explicit RecipeError(const std::string& what) : UserError(ExitCode::recipe, what) {}
};
struct DataError : UserError {
  explicit DataError(const std::string& what) : UserError(ExitCode::data, what) {}
};
struct FileError : UserError {
  explicit FileError(const std::string& what) : UserError(ExitCode::files, what) {}
};

// What `read` returns. Errors about what it reads become FileErrors.
template <typename Read>
auto reading_file(Read read) {
  try {
    return read();
  } catch (const UserError&) {
    throw;
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    throw FileError(error.what());
  }
}

}  // namespace ffwd
