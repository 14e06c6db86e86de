#include "engine/head.h"

#include "engine/range.h"

namespace ffwd {

Head::Head(Device& device, const std::vector<int64_t>& widths, int64_t classes,
           OptimiserKind optimiser, int64_t max_rows)
    : classes_(classes),
      dlogits_(device, max_rows, classes, device.activation_type()),
      loss_(device, max_rows),
      totals_(device, 3) {
  for (const int64_t width : widths) {
    weights_.emplace_back(device, classes, width, optimiser, device.activation_type());
  }
}

void Head::forward(Device& lane, const std::vector<ConstMatrixView>& activities,
                   MatrixView logits) {
  const Range range("head.forward");
  FFWD_EXPECT(activities.size() == weights_.size(),
              "the head needs the activities of every layer that it sees");
  for (size_t l = 0; l < weights_.size(); ++l) {
    lane.matmul(
        {activities[l], false, weights_[l].operand(), true, logits, 1.0f, l == 0 ? 0.0f : 1.0f});
  }
}

void Head::learn(Device& lane, const std::vector<ConstMatrixView>& activities,
                 ConstMatrixView logits, VectorView<const int32_t> labels,
                 const Optimiser& optimiser, float rate_factor) {
  const Range range("head.learn");
  const int64_t rows = labels.size;
  const MatrixView dlogits = dlogits_.view(rows);
  const VectorView<float> loss = loss_.view().slice(0, rows);
  lane.softmax_loss({logits, labels, dlogits, loss});
  lane.batch_means({loss, {}, rows, 0, totals_.view()});
  for (size_t l = 0; l < weights_.size(); ++l) {
    lane.matmul({dlogits, true, activities[l], false, weights_[l].gradient()});
    weights_[l].update(lane, optimiser, rate_factor);
  }
}

}  // namespace ffwd
