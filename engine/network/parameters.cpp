#include "engine/network/parameters.h"

namespace ffwd {

Parameters::Parameters(Device& device, int64_t units, int64_t inputs, Biases biases,
                       OptimiserKind kind, DType operand_type)
    : units_(units),
      inputs_(inputs),
      bias_count_(biases == Biases::none ? 0 : units),
      values_(device, weight_count() + padded_columns(bias_count_)) {
  for (int64_t s = 0; s < states_of(kind); ++s) states_.emplace_back(device, values_.size());
  if (operand_type != DType::f32) operand_ = Vector<bfloat16>(device, weight_count());
}

ConstMatrixView Parameters::operand() const {
  const int64_t stride = padded_columns(inputs_);
  if (operand_.size() > 0) return {operand_.view().data, DType::bf16, units_, inputs_, stride};
  return {values_.view().data, DType::f32, units_, inputs_, stride};
}

VectorView<const float> Parameters::bias() const {
  return values_.view().slice(weight_count(), bias_count_);
}

MatrixView Parameters::weight_gradient(VectorView<float> gradient) const {
  return {gradient.data, DType::f32, units_, inputs_, padded_columns(inputs_)};
}

VectorView<float> Parameters::bias_gradient(VectorView<float> gradient) const {
  return gradient.slice(weight_count(), bias_count_);
}

std::vector<float> Parameters::weights() const {
  return without_padding(values_.download(weight_count()), units_, inputs_);
}

std::vector<float> Parameters::biases() const {
  const std::vector<float> all = values_.download();
  return {all.begin() + weight_count(), all.begin() + weight_count() + bias_count_};
}

void Parameters::upload(const std::vector<float>& weights, const std::vector<float>& biases) {
  FFWD_EXPECT(int64_t(biases.size()) == bias_count_, "a bias for every unit, or none");
  std::vector<float> all = with_padding(weights, units_, inputs_);
  all.insert(all.end(), biases.begin(), biases.end());
  all.resize(size_t(values_.size()), 0.0f);
  values_.upload(all);
  round_operand();
}

std::vector<Vector<float>*> Parameters::state() {
  std::vector<Vector<float>*> all{&values_};
  for (Vector<float>& state : states_) all.push_back(&state);
  return all;
}

void Parameters::round_operand() {
  if (operand_.size() == 0) return;
  std::vector<bfloat16> rounded;
  for (const float weight : values_.download(weight_count())) {
    rounded.push_back(to_bfloat16(weight));
  }
  operand_.upload(rounded);
}

void Parameters::update(Device& lane, const Optimiser& optimiser, VectorView<const StepValues> step,
                        VectorView<const float> gradient) {
  const WeightUpdate update{values_.view(),
                            gradient,
                            values_.size() - weight_count(),
                            optimiser.learning_rate,
                            optimiser.weight_decay,
                            step,
                            operand_.view()};
  const auto state = [&](int64_t s) { return states_.at(size_t(s)).view(); };
  switch (optimiser.kind) {
    case OptimiserKind::momentum:
      return lane.momentum_update({update, state(0), optimiser.momentum});
    case OptimiserKind::adam:
      return lane.adam_update(
          {update, state(0), state(1), optimiser.beta1, optimiser.beta2, optimiser.eps});
  }
  fail(__FILE__, __LINE__, "unknown optimiser");
}

}  // namespace ffwd
