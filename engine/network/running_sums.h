// What every row of a batch adds up from step to step, on the device, and its totals over all rows.
#pragma once

#include "engine/device/buffer.h"

namespace ffwd {

inline constexpr int64_t kPlacesOfTotals = 16;

// `Row` is made of floats. The device adds the rows up, so that a hundred thousand of them can be
// read after every step. Totals wait in places of their own, so that the device can go on.
template <typename Row>
class RunningSums {
 public:
  RunningSums(Device& device, int64_t rows)
      : device_(&device),
        rows_(device, rows * kFloats),
        totals_(device, kPlacesOfTotals),
        scratch_(device, column_sum_scratch(rows, kFloats)) {}

  // What it takes of the device's memory.
  static int64_t bytes(int64_t rows) {
    return int64_t(sizeof(Row)) * (rows + kPlacesOfTotals) +
           int64_t(sizeof(float)) * column_sum_scratch(rows, kFloats);
  }

  VectorView<Row> view() const {
    return {reinterpret_cast<Row*>(rows_.view().data), rows_.size() / kFloats};
  }
  void clear() { rows_.clear(); }
  // The sums themselves, for whoever saves or loads them.
  Vector<float>& floats() { return rows_; }

  // Queued: the totals go to a place.
  void add_up(int64_t place) {
    const int64_t count = rows_.size() / kFloats;
    const ConstMatrixView rows(rows_.view().data, DType::f32, count, kFloats, kFloats);
    const VectorView<Row> total = totals_.view().slice(place, 1);
    device_->column_sum(
        {rows, {}, 1.0f, {reinterpret_cast<float*>(total.data), kFloats}, scratch_.view()});
  }
  // What the last add_up of each of the first places has put there. Waits for the device.
  std::vector<Row> totals(int64_t places) const { return totals_.download(places); }

 private:
  static constexpr int64_t kFloats = sizeof(Row) / sizeof(float);

  Device* device_;
  Vector<float> rows_;
  Vector<Row> totals_;
  Vector<float> scratch_;
};

}  // namespace ffwd
