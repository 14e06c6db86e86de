// FFWD_HD marks a function that is compiled for host and device alike.
#pragma once

#ifdef __CUDACC__
#define FFWD_HD __host__ __device__ inline
#else
#define FFWD_HD inline
#endif
