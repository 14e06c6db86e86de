#include "host/plan/plan.h"

namespace ffwd {

const char* name_of(TaskKind kind) {
  switch (kind) {
    case TaskKind::gather:
      return "gather";
    case TaskKind::draw_labels:
      return "draw labels";
    case TaskKind::show_labels:
      return "show labels";
    case TaskKind::product:
      return "product";
    case TaskKind::forward:
      return "forward";
    case TaskKind::rows:
      return "rows";
    case TaskKind::gradient:
      return "gradient";
    case TaskKind::update:
      return "update";
    case TaskKind::head_forward:
      return "head forward";
    case TaskKind::head_learn:
      return "head learn";
  }
  fail(__FILE__, __LINE__, "unknown kind of task");
}

RowRange rows_of(RowClass rows, int64_t images) {
  if (rows == RowClass::neutral) return {2 * images, images};
  return {0, rows == RowClass::all ? kShows * images : 2 * images};
}

int64_t gradient_place(const std::vector<LayerShape>& layers, int64_t l, bool take_turns) {
  const LayerShape& shape = layers[size_t(l)];
  for (int64_t first = 0; take_turns && first < l; ++first) {
    const LayerShape& other = layers[size_t(first)];
    // Of the same size, and with zeros in the same columns.
    if (other.units == shape.units && other.inputs == shape.inputs &&
        other.fan_in() == shape.fan_in()) {
      return first;
    }
  }
  return l;
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

int64_t Plan::bytes_in_flight() const {
  int64_t total = 0;
  for (const PlanBuffer& buffer : buffers) {
    const bool of_network = buffer.carried || buffer.kind == BufferKind::scratch ||
                            buffer.kind == BufferKind::gradient ||
                            buffer.kind == BufferKind::head_scratch;
    if (!of_network) total += buffer.bytes * buffer.slots;
  }
  return total;
}

std::string describe(const PlanTask& task) {
  return std::string(name_of(task.kind)) +
         (task.layer < 0 ? "" : " of layer " + std::to_string(task.layer)) + " at step " +
         std::to_string(task.step);
}

}  // namespace ffwd
