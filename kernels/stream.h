// The CUDA stream that work is queued on. The CPU twins run at once and ignore it.
#pragma once

struct CUstream_st;

namespace ffwd {

struct Stream {
  CUstream_st* handle;
};

// For the CPU back end, where calls return when the work is done.
inline constexpr Stream kNoStream{nullptr};

}  // namespace ffwd
