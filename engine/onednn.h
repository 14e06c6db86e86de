// What our wrappers of oneDNN share.
#pragma once

#include <dnnl.hpp>

#include "kernels/view.h"

namespace ffwd {

inline dnnl::memory::data_type onednn_type(DType dtype) {
  return dtype == DType::f32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
}

// oneDNN takes operands that it only reads through the same type as those that it writes.
inline dnnl::memory onednn_memory(const dnnl::engine& engine, const dnnl::memory::desc& desc,
                                  const void* data) {
  return {desc, engine, const_cast<void*>(data)};
}

}  // namespace ffwd
