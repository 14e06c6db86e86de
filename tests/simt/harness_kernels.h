// Kernels with mistakes planted in them, to prove that the harness sees each, and without, to prove
// that it stays silent. A parameter decides, so that the mistake is all that differs.
#pragma once

#include "kernels/device.cuh"

namespace ffwd {

// out[i] = in[i] for i < n, a float4 at a time.
__global__ void copy_vectors(const float4* in, float4* out, int n);

// Writes the first four elements of an array of eight, then thread 0 reads *out = array[index].
// Index 3 is right, 5 was never written, 8 is out of bounds.
enum class Memory { static_array, static_array_by_pointer, shared_macro, local };
__global__ void read_element(Memory memory, int index, float* out);

// A shuffle of the whole warp that only `lanes` lanes reach.
__global__ void shuffle_of_some(int lanes, float* out);

// A barrier that the first half of the block passes `trips` times and the second half once.
__global__ void barrier_in_loop(int trips);

// One barrier in each branch of an if: lower threads than `split` take the first.
__global__ void barrier_in_branches(int split);

// One block sums each row of in (rows, cols), row after row; every thread writes the sum that it
// sees to out (rows, threads).
enum class RowSums {
  correct,
  no_barrier_before,  // the partial sums of a row overwrite those of the row before, which others
                      // still read
  no_barrier_after,   // the partial sums are read before all are written
  no_last_barrier,    // harmless
};
__global__ void row_sums(RowSums form, const float* in, float* out, int rows, int cols);

// out[i] = in[i] of the neighbouring lane, by way of shared memory.
__global__ void swap_neighbours(bool sync, const float* in, float* out);

// Adds the number of threads to *counter.
__global__ void count_threads(bool atomic, int* counter);

// The first thread hands a number to the others: out[i] is what thread i sees.
__global__ void publish(bool barrier, float* out);

// Every thread writes its number to `partial`; the last one to do so sums them.
__global__ void sum_by_last_thread(bool fence, unsigned* done, float* partial, float* out);

// Every block but the first reads what the first wrote in the same launch.
__global__ void read_first_block(float* first, float* out);

// What the warp operations return to each lane of one full warp.
constexpr int kWarpResults = 7;
__global__ void warp_results(unsigned* out);

// What atomic functions make of out[i] when every lane of a warp calls them.
constexpr int kAtomicResults = 6;
__global__ void atomic_results(unsigned* out);

// What the three voting barriers return for the predicate threadIdx.x < `voters`, when all threads
// but the first `stay` have returned.
__global__ void barrier_votes(int stay, int voters, int* out);

// blockIdx and threadIdx as one number each.
__global__ void coordinates(uint3* blocks, uint3* threads);

}  // namespace ffwd
