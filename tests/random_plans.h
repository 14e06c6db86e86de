// Networks, most of them random, the plans for them, and what playing a plan computes, symbolically.
#pragma once

#include <map>
#include <random>
#include <set>

#include "host/plan/plan_builder.h"

namespace ffwd::test {

// A number from low to high.
inline int64_t pick(std::mt19937& random, int64_t low, int64_t high) {
  return low + int64_t(random() % uint64_t(high - low + 1));
}

struct PlanCase {
  PlanShape shape;
  PlanOptions options;
  Plan plan() const { return make_plan(shape, options); }
};

inline std::vector<LayerShape> dense_shapes(const ImageShape& image,
                                            const std::vector<int64_t>& widths) {
  std::vector<LayerSpec> specs(widths.size());
  for (size_t l = 0; l < widths.size(); ++l) specs[l].units = widths[l];
  return layer_shapes(specs, image, Activation::relu, {});
}

inline PlanShape fully_connected(const std::vector<int64_t>& widths) {
  PlanShape shape;
  shape.image = {28, 28, 1};
  shape.classes = 10;
  shape.layers = dense_shapes(shape.image, widths);
  shape.first_read_layer = 1;
  shape.batch = 100;
  return shape;
}

// Up to two convolutions, each with a pool behind it or not, and fully connected layers.
inline std::vector<LayerShape> random_layers(std::mt19937& random, const ImageShape& image) {
  std::vector<LayerSpec> specs;
  const int64_t most_convolutions = 2 * pick(random, 0, 1);
  for (int64_t convolutions = pick(random, 0, most_convolutions); convolutions > 0;
       --convolutions) {
    LayerSpec convolution{LayerSpec::Kind::convolution, 8 * pick(random, 1, 6)};
    convolution.kernel = 2 * pick(random, 0, 1) + 1;
    convolution.padding = convolution.kernel / 2;
    specs.push_back(convolution);
    if (pick(random, 0, 1)) specs.push_back({LayerSpec::Kind::max_pool});
  }
  for (int64_t dense = pick(random, specs.empty() ? 1 : 0, 5); dense > 0; --dense) {
    const bool as_before = !specs.empty() && specs.back().learns() && pick(random, 0, 2) == 0;
    specs.push_back(
        {LayerSpec::Kind::dense, as_before ? specs.back().units : pick(random, 3, 300)});
  }
  return layer_shapes(specs, image, Activation::relu, {});
}

inline PlanShape random_shape(std::mt19937& random) {
  PlanShape shape;
  shape.image = {pick(random, 4, 12), pick(random, 4, 12), pick(random, 1, 3)};
  shape.classes = pick(random, 2, 12);
  shape.layers = random_layers(random, shape.image);
  shape.head = pick(random, 0, 3) > 0;
  shape.first_read_layer = shape.layers.size() > 1 ? pick(random, 0, 1) : 0;
  shape.labels_from_head = shape.head && pick(random, 0, 1);
  const bool lags = pick(random, 0, 1);
  shape.label_lag = lags ? pick(random, 0, 7) : 0;
  shape.goodness_of_pixels = pick(random, 0, 1);
  shape.peer_normalisation = pick(random, 0, 1);
  shape.optimiser_states = pick(random, 1, 2);
  shape.batch = pick(random, 1, 200);
  shape.activation_bytes = pick(random, 1, 2) * 2;
  return shape;
}

// All layers at once, or one stage of layer after layer.
inline PlanCase random_case(std::mt19937& random, bool pipelined) {
  PlanCase c{random_shape(random), {}};
  const auto layers = int64_t(c.shape.layers.size());
  c.options.stage = {0, layers, c.shape.head};
  const int64_t stage = pick(random, 0, 3 * layers);
  if (stage < layers) c.options.stage = {stage, stage + 1, false};
  if (stage == layers && c.shape.head) c.options.stage = {layers, layers, true};
  c.options.steps = pick(random, 1, 9);
  c.options.pipelined = pipelined;
  c.options.depth = pick(random, 0, layers + 3);
  c.options.kept = pick(random, 0, 3) == 0 && !c.shape.labels_from_head;
  return c;
}

// What a plan computes: every task makes one value of what it is and of the values that it reads,
// and writes it to all places that it writes. Values are hashes, so two executions end with equal
// ones if all their tasks have read the same.
class SymbolicMemory {
 public:
  void play(const Plan& plan, const PlanTask& task) {
    uint64_t value =
        mix(mix(mix(mix(1, uint64_t(task.kind)), uint64_t(task.layer + 1)), uint64_t(task.step)),
            uint64_t(task.rows));
    const auto visit = [&](const std::vector<PlanAccess>& accesses, auto touch) {
      for (const PlanAccess& access : accesses) {
        for (const RowClass part : {RowClass::learning, RowClass::neutral}) {
          if (overlap(access.rows, part)) {
            touch(places_[{plan.buffers[size_t(access.buffer)].name, access.slot, part}]);
          }
        }
      }
    };
    visit(task.reads, [&](uint64_t place) { value = mix(value, place); });
    visit(task.writes, [&](uint64_t& place) { place = value; });
    for (const PlanAccess& access : task.writes) {
      written_.insert(plan.buffers[size_t(access.buffer)].name);
    }
  }

  // What the plan has changed when it has ended: of the buffers that are carried those that it wrote.
  std::map<std::string, uint64_t> result(const Plan& plan) {
    std::map<std::string, uint64_t> values;
    for (const PlanBuffer& buffer : plan.buffers) {
      if (!buffer.carried || written_.count(buffer.name) == 0) continue;
      values[buffer.name] = places_[{buffer.name, 0, RowClass::learning}];
    }
    return values;
  }

 private:
  static uint64_t mix(uint64_t a, uint64_t b) {
    a = (a ^ (b + 0x9e3779b97f4a7c15ULL)) * 0xff51afd7ed558ccdULL;
    return a ^ (a >> 31);
  }
  std::map<std::tuple<std::string, int64_t, RowClass>, uint64_t> places_;
  std::set<std::string> written_;
};

inline std::map<std::string, uint64_t> play_in_order(const Plan& plan) {
  SymbolicMemory memory;
  for (const PlanTask& task : plan.tasks) memory.play(plan, task);
  return memory.result(plan);
}

}  // namespace ffwd::test
