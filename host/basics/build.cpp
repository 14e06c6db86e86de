#include "host/basics/build.h"

#include "commit.h"  // written by each build: tools/cmake/commit.cmake

namespace ffwd {

std::string build_version() {
  return FFWD_VERSION;
}

std::string build_commit() {
  return FFWD_COMMIT;
}

}  // namespace ffwd
