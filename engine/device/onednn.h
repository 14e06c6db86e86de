// What our wrappers of oneDNN share, and what its versions 2 and 3 call differently.
#pragma once

#include <dnnl.hpp>
#include <string>
#include <type_traits>

#include "kernels/view.h"

namespace ffwd {

inline dnnl::memory::data_type onednn_type(DType dtype) {
  return dtype == DType::f32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
}

// Calls oneDNN. Throws OutOfMemory if that is why it fails, else Error.
template <typename Call>
void with_onednn(const Call& call) {
  try {
    call();
  } catch (const dnnl::error& error) {
    const std::string what = std::string("oneDNN failed: ") + error.what();
    if (error.status == dnnl_out_of_memory) throw OutOfMemory(what + ", out of memory");
    throw Error(what + ", status " + std::to_string(int(error.status)));
  }
}

// How a primitive is to be made. `last`: its attributes or, of one that goes back, the description
// of the one that goes forward.
template <typename Primitive, typename Last, typename... Args>
typename Primitive::primitive_desc onednn_desc(const dnnl::engine& engine, const Last& last,
                                               const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, args..., last};
#else
  const typename Primitive::desc desc(args...);
  if constexpr (std::is_same_v<Last, dnnl::primitive_attr>) {
    return {desc, last, engine};
  } else {
    return {desc, engine, last};
  }
#endif
}

#if DNNL_VERSION_MAJOR >= 3
using OnednnPooling = dnnl::pooling_forward;
#else
using OnednnPooling = dnnl::pooling_v2_forward;
#endif

// oneDNN takes operands that it only reads through the same type as those that it writes.
inline dnnl::memory onednn_memory(const dnnl::engine& engine, const dnnl::memory::desc& desc,
                                  const void* data) {
  return {desc, engine, const_cast<void*>(data)};
}

}  // namespace ffwd
