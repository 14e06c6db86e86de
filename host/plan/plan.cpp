#include "host/plan/plan.h"

namespace ffwd {

RowRange rows_of(RowClass rows, int64_t images) {
  switch (rows) {
    case RowClass::none:
      return {0, 0};
    case RowClass::positive:
      return {0, images};
    case RowClass::negative:
      return {images, images};
    case RowClass::learning:
      return {0, 2 * images};
    case RowClass::neutral:
      return {2 * images, images};
    case RowClass::all:
      return {0, kShows * images};
  }
  fail(__FILE__, __LINE__, "rows of a batch that do not lie side by side");
}

const PlanBuffer* Plan::find(BufferKind kind, int64_t layer) const {
  for (const PlanBuffer& buffer : buffers) {
    if (buffer.kind == kind && buffer.layer == layer) return &buffer;
  }
  return nullptr;
}

int64_t Plan::bytes() const {
  int64_t total = 0;
  for (const PlanBuffer& buffer : buffers) {
    if (__builtin_add_overflow(total, buffer.bytes * buffer.slots, &total)) return INT64_MAX;
  }
  return total;
}

int64_t Plan::network_bytes() const {
  int64_t total = 0;
  for (const PlanBuffer& buffer : buffers) {
    const bool of_network = buffer.carried || buffer.kind == BufferKind::scratch ||
                            buffer.kind == BufferKind::head_scratch;
    if (of_network) total += buffer.bytes * buffer.slots;
  }
  return total;
}

}  // namespace ffwd
