// One file over HTTP or HTTPS, resumable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ffwd {

struct FetchProgress {
  std::string file;    // the name of what is being fetched
  uint64_t done = 0;   // bytes
  uint64_t total = 0;  // bytes; 0 while unknown
};

// Called a few times a second; false stops the transfer.
using OnFetchProgress = std::function<bool(const FetchProgress&)>;

// Appends to `path` what it still lacks of the file at `url`; a server that cannot send a part
// sends all of it, and `path` starts anew. What has arrived stays in `path`, whatever goes wrong.
// The content is not checked here. Throws DataError with the reason (the caller knows the URL) if
// the transfer fails or passes `max_bytes`, FileError if `path` cannot be written, UserError with
// ExitCode::interrupted if `on_progress` said stop.
void download(const std::string& url, const std::string& path, uint64_t max_bytes,
              const OnFetchProgress& on_progress = {});

}  // namespace ffwd
