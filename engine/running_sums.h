// What every row of a batch adds up from step to step, on the device, and its totals over all rows.
#pragma once

#include <cstring>

#include "engine/buffer.h"

namespace ffwd {

// `Row` is made of floats. The device adds the rows up, so that a hundred thousand of them can be
// read after every step.
template <typename Row>
class RunningSums {
 public:
  RunningSums(Device& device, int64_t rows)
      : device_(&device),
        rows_(device, rows * kFloats),
        totals_(device, kFloats),
        scratch_(device, column_sum_scratch(rows, kFloats)) {}

  // What it takes of the device's memory.
  static int64_t bytes(int64_t rows) {
    return int64_t(sizeof(Row)) * (rows + 1) +
           int64_t(sizeof(float)) * column_sum_scratch(rows, kFloats);
  }

  VectorView<Row> view() const {
    return {reinterpret_cast<Row*>(rows_.view().data), rows_.size() / kFloats};
  }
  void clear() { rows_.clear(); }
  // The sums themselves, for whoever saves or loads them.
  Vector<float>& floats() { return rows_; }

  // Waits for the device.
  Row read_totals() const {
    const int64_t count = rows_.size() / kFloats;
    const ConstMatrixView rows(rows_.view().data, DType::f32, count, kFloats, kFloats);
    device_->column_sum({rows, {}, 1.0f, totals_.view(), scratch_.view()});
    Row totals;
    std::memcpy(&totals, totals_.download().data(), sizeof totals);
    return totals;
  }

 private:
  static constexpr int64_t kFloats = sizeof(Row) / sizeof(float);

  Device* device_;
  Vector<float> rows_, totals_, scratch_;
};

}  // namespace ffwd
