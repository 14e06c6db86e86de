// What our wrappers of oneDNN share.
#pragma once

#include <dnnl.hpp>
#include <string>

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

// oneDNN takes operands that it only reads through the same type as those that it writes.
inline dnnl::memory onednn_memory(const dnnl::engine& engine, const dnnl::memory::desc& desc,
                                  const void* data) {
  return {desc, engine, const_cast<void*>(data)};
}

}  // namespace ffwd
