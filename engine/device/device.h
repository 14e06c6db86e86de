// A device: memory, a stream, and every operation of the engine. What a back end lacks does not
// compile.
//
// Operations queue work on the stream and do not wait (the CPU back end works at once). A Device is
// used by one thread at a time. Its lanes are Devices too: they share its memory, and each has a
// stream of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/device/convolution.h"
#include "engine/device/event.h"
#include "engine/device/matmul.h"
#include "kernels/activation_gradient.h"
#include "kernels/adam_update.h"
#include "kernels/column_sum.h"
#include "kernels/gather_images.h"
#include "kernels/goodness_gradient.h"
#include "kernels/goodness_rows.h"
#include "kernels/image_goodness.h"
#include "kernels/momentum_update.h"
#include "kernels/names.h"
#include "kernels/normalise_rows.h"
#include "kernels/overlay_labels.h"
#include "kernels/overlay_pixels.h"
#include "kernels/peer_normalise.h"
#include "kernels/softmax_loss.h"
#include "kernels/wrong_labels.h"

namespace ffwd {

struct MatmulAlgorithms;

// How matmul operands and activations are kept; weights and optimiser state are fp32 always.
enum class Precision { fp32, tf32, bf16 };

inline constexpr Named<Precision> kPrecisions[] = {
    {"fp32", Precision::fp32}, {"tf32", Precision::tf32}, {"bf16", Precision::bf16}};

// The operations that are a kernel of our own, with its twins cpu::name and cuda::name. Every
// Device expands this list to what it does with one.
#define FFWD_KERNELS(DO)                      \
  DO(activation_gradient, ActivationGradient) \
  DO(adam_update, AdamUpdate)                 \
  DO(column_sum, ColumnSum)                   \
  DO(gather_images, GatherImages)             \
  DO(goodness_gradient, GoodnessGradient)     \
  DO(goodness_rows, GoodnessRows)             \
  DO(image_goodness, ImageGoodness)           \
  DO(momentum_update, MomentumUpdate)         \
  DO(normalise_rows, NormaliseRows)           \
  DO(overlay_labels, OverlayLabels)           \
  DO(overlay_pixels, OverlayPixels)           \
  DO(peer_normalise, PeerNormalise)           \
  DO(softmax_loss, SoftmaxLoss)               \
  DO(wrong_labels, WrongLabels)

class Device {
 public:
  virtual ~Device() = default;

  // "CPU, 2 threads" or "NVIDIA H200". Also what tells whether a run was made on the same device,
  // so a name must not change from version to version.
  virtual std::string name() const = 0;
  virtual Precision precision() const = 0;
  // Whether products take the algorithms that were measured as the fastest (MatmulAlgorithms).
  virtual bool measured_algorithms() const { return false; }
  virtual Stream stream() const = 0;
  // Waits until everything queued on the stream is done.
  virtual void wait() = 0;

  // Whether operations are queued; else the calling thread has done them when they return.
  virtual bool queues() const = 0;

  // A Device on the same memory, whose work runs beside this one's; profilers show the name. The
  // CPU's is for the thread that makes it, which gets the name.
  virtual std::unique_ptr<Device> make_lane(const std::string& name) = 0;
  // `timed`: somebody will ask for its time.
  virtual std::unique_ptr<Event> make_event(bool timed) = 0;
  // The event is over when all that was queued before is done.
  virtual void record(Event& event) = 0;
  // What is queued from now on starts after the event. On the CPU the thread waits, on a GPU it
  // does not, and an event that was not recorded holds nothing up.
  virtual void wait_for(Event& event) = 0;
  // Captures what `work` queues here and on lanes that wait for events recorded meanwhile, without
  // doing it. `work` must not allocate or wait. Throws ffwd::Error on the CPU.
  virtual std::unique_ptr<Graph> capture(const std::function<void()>& work) = 0;

  // Zeroed memory, aligned to 64 bytes or more. Throws OutOfMemory naming the size. Waits.
  virtual void* allocate(int64_t bytes) = 0;
  // Waits for work that may still use it.
  virtual void release(void* memory) noexcept = 0;
  // Bytes that allocate() can still give, about.
  virtual int64_t free_memory() const = 0;
  // Memory of the host that operations may read too, page-locked on a GPU. Throws OutOfMemory.
  virtual void* allocate_host(int64_t bytes) = 0;
  virtual void release_host(void* memory) noexcept = 0;
  // Copies on the stream, between device and host memory. Both wait.
  virtual void upload(void* device, const void* host, int64_t bytes) = 0;
  virtual void download(void* host, const void* device, int64_t bytes) = 0;
  // Between two places of device memory that do not overlap. Does not wait.
  virtual void copy(void* to, const void* from, int64_t bytes) = 0;
  // Sets bytes to zero. Does not wait.
  virtual void clear(void* device, int64_t bytes) = 0;

  virtual void matmul(const Matmul& args) = 0;
  virtual void convolve(const Convolution& args) = 0;
  virtual void convolution_gradient(const ConvolutionGradient& args) = 0;
  virtual void pool(const Pooling& args) = 0;
#define FFWD_OPERATION(name, Arguments) virtual void name(const Arguments& args) = 0;
  FFWD_KERNELS(FFWD_OPERATION)
#undef FFWD_OPERATION

  // The element type of matmul operands and activations.
  DType activation_type() const {
    return precision() == Precision::bf16 ? DType::bf16 : DType::f32;
  }
};

// The CPU back end, on the threads that OpenMP gives (OMP_NUM_THREADS). From here on the calling
// thread uses only as many as OpenMP really starts, and on all of them numbers below 1e-38 count as
// zero. Throws ffwd::Error where there is a cpu_problem.
std::unique_ptr<Device> make_cpu_device(Precision precision = Precision::fp32);

// Why this machine's CPU cannot compute in a precision; empty if it can.
std::string cpu_problem(Precision precision);

// The CUDA back end on device 0. Products take the first algorithm that cuBLASLt names and launches,
// or with a table the one that it holds for them; if there is none, the fastest, which is measured
// and pinned when a product is met for the first time, and that must not be in a capture. Throws
// ffwd::Error where it was not built or no device answers.
std::unique_ptr<Device> make_cuda_device(Precision precision,
                                         std::shared_ptr<MatmulAlgorithms> algorithms = nullptr);

// For people: the CPU's matmul library, its version and the instruction set that it uses.
std::string cpu_library();

}  // namespace ffwd
