#include "engine/network/head.h"

namespace ffwd {

Head::Head(Device& device, const std::vector<int64_t>& widths, int64_t classes,
           OptimiserKind optimiser, int64_t max_images)
    : classes_(classes),
      dlogits_(device, max_images, classes, device.activation_type()),
      running_(device, max_images) {
  for (const int64_t width : widths) {
    weights_.emplace_back(device, classes, width, Parameters::Biases::none, optimiser,
                          device.activation_type());
    gradients_.emplace_back(device, weights_.back().gradient_size());
  }
}

void Head::forward(Device& lane, const std::vector<ConstMatrixView>& activities,
                   MatrixView logits) {
  FFWD_EXPECT(activities.size() == weights_.size(),
              "the head needs the activities of every layer that it sees");
  for (size_t l = 0; l < weights_.size(); ++l) {
    lane.matmul(forward_product(activities[l], weights_[l].operand(), logits,
                                /*beta=*/l == 0 ? 0.0f : 1.0f));
  }
}

void Head::learn(Device& lane, const std::vector<ConstMatrixView>& activities,
                 ConstMatrixView logits, VectorView<const int32_t> labels,
                 const Optimiser& optimiser, VectorView<const StepValues> step) {
  const int64_t rows = labels.size;
  const MatrixView dlogits = dlogits_.view(rows);
  lane.softmax_loss({logits, labels, dlogits, running_.view().slice(0, rows), {}});
  for (size_t l = 0; l < weights_.size(); ++l) {
    const VectorView<float> gradient = gradients_[l].view();
    lane.matmul(
        weight_gradient_product(dlogits, activities[l], weights_[l].weight_gradient(gradient)));
    weights_[l].update(lane, optimiser, step, gradient);
  }
}

}  // namespace ffwd
