#include "engine/device/range.h"

#ifdef FFWD_HAVE_CUDA
#include <cuda_profiler_api.h>
#include <nvtx3/nvToolsExt.h>

#include "kernels/check_cuda.h"

namespace ffwd {
namespace {

nvtxDomainHandle_t domain() {
  static const nvtxDomainHandle_t handle = nvtxDomainCreateA("ffwd");
  return handle;
}

}  // namespace

Range::Range(const char* name, int64_t payload) {
  nvtxEventAttributes_t event = {};
  event.version = NVTX_VERSION;
  event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  event.messageType = NVTX_MESSAGE_TYPE_ASCII;
  event.message.ascii = name;
  event.payloadType = NVTX_PAYLOAD_TYPE_INT64;
  event.payload.llValue = payload;
  nvtxDomainRangePushEx(domain(), &event);
}

Range::~Range() {
  nvtxDomainRangePop(domain());
}

void start_profiler() {
  FFWD_CHECK_CUDA(cudaProfilerStart());
}

void stop_profiler() {
  FFWD_CHECK_CUDA(cudaProfilerStop());
}

}  // namespace ffwd

#else

namespace ffwd {

Range::Range(const char*, int64_t) {}
Range::~Range() {}
void start_profiler() {}
void stop_profiler() {}

}  // namespace ffwd

#endif
