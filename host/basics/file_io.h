// Whole files: read up to a cap, written so that a reader meets the old file or the new one, never
// half of one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ffwd {

// Puts `bytes` at a path, replacing what was there; of a link what it links to, which need not
// exist. They are written to a sibling of that, forced to the disk and renamed, so a crash or a full
// disk leaves the old file untouched. Throws FileError naming the file and the system's reason;
// nothing half-written stays behind. Refuses what exists and is not a regular file.
void write_file_atomically(const std::string& file_or_link, std::string_view bytes);

// The same for what `fill` hands to `write`, part after part. What `fill` throws leaves the old file
// untouched as well.
using WriteBytes = std::function<void(std::string_view bytes)>;
void write_file_atomically(const std::string& file_or_link,
                           const std::function<void(const WriteBytes& write)>& fill);

// Throws what write_file_atomically would before the first byte, and leaves what is there.
void check_can_write(const std::string& file_or_link);

// Whether `name` is that of the sibling that a file called `file` had while it was written: a process
// that was killed leaves it.
bool is_half_written(const std::string& name, const std::string& file);

// Adds `bytes` at the end of `path`, which is created when missing. They are with the system,
// visible to every reader, when the call returns. Throws FileError; then the file is as long as it
// was before.
void append_to_file(const std::string& path, std::string_view bytes);

// Whether there is anything at `path`. Throws FileError if that cannot be found out.
bool path_exists(const std::string& path);

// The content of `path`. Throws FileError when it cannot be read or holds more than `cap` bytes.
std::string read_file(const std::string& path, uint64_t cap);

// The content of a regular file of any size, for files that may be as large as memory. Throws
// FileError.
std::string read_regular_file(const std::string& path);

// Forces what is in the file at `path` to the disk. Throws FileError.
void sync_file(const std::string& path);

}  // namespace ffwd
