// What a plan costs, against what Steps does on a device that counts: launches, flops of matmuls and
// bytes of memory. And the model of time, by hand.
#include "host/plan/plan_cost.h"

#include <gtest/gtest.h>

#include "host/model/model.h"
#include "host/plan/recipe_plan.h"
#include "host/training/batches.h"
#include "host/training/step_values.h"
#include "host/training/steps.h"
#include "tests/random_plans.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

// How many kernels the CUDA back end starts for an operation.
template <typename Args>
int64_t kernels_of(const Args&) {
  return 1;
}
int64_t kernels_of(const ColumnSum& args) {
  return column_sum_launches(args.a.rows);
}
int64_t kernels_of(const PeerNormalise&) {
  return 2;  // the push, then adding it
}

// The CPU, counting. A launch is a kernel that the CUDA back end would start.
class CountingDevice : public Device {
 public:
  double flops = 0;
  int64_t launches = 0, allocated = 0;

  std::string name() const override { return cpu_->name(); }
  Precision precision() const override { return cpu_->precision(); }
  Stream stream() const override { return cpu_->stream(); }
  void wait() override { cpu_->wait(); }
  bool queues() const override { return cpu_->queues(); }
  std::unique_ptr<Device> make_lane(const std::string& name) override {
    return cpu_->make_lane(name);
  }
  std::unique_ptr<Event> make_event(bool timed) override { return cpu_->make_event(timed); }
  void record(Event& event) override { cpu_->record(event); }
  void wait_for(Event& event) override { cpu_->wait_for(event); }
  std::unique_ptr<Graph> capture(const std::function<void()>& work) override {
    return cpu_->capture(work);
  }
  void copy(void* to, const void* from, int64_t bytes) override { cpu_->copy(to, from, bytes); }
  void* allocate(int64_t bytes) override {
    allocated += bytes;
    return cpu_->allocate(bytes);
  }
  void release(void* memory) noexcept override { cpu_->release(memory); }
  int64_t free_memory() const override { return cpu_->free_memory(); }
  void* allocate_host(int64_t bytes) override { return cpu_->allocate_host(bytes); }
  void release_host(void* memory) noexcept override { cpu_->release_host(memory); }
  void upload(void* device, const void* host, int64_t bytes) override {
    cpu_->upload(device, host, bytes);
  }
  void download(void* host, const void* device, int64_t bytes) override {
    cpu_->download(host, device, bytes);
  }
  void clear(void* device, int64_t bytes) override { cpu_->clear(device, bytes); }

  void matmul(const Matmul& args) override {
    ++launches;
    flops += 2.0 * double(args.m()) * double(args.n()) * double(args.k());
    cpu_->matmul(args);
  }
  void convolve(const Convolution& args) override {
    count(args.shape, args.z.rows);
    cpu_->convolve(args);
  }
  void convolution_gradient(const ConvolutionGradient& args) override {
    count(args.shape, args.dz.rows);
    cpu_->convolution_gradient(args);
  }
#define FFWD_COUNTED(operation, Arguments)         \
  void operation(const Arguments& args) override { \
    launches += kernels_of(args);                  \
    cpu_->operation(args);                         \
  }
  FFWD_COUNTED(pool, Pooling)
  FFWD_KERNELS(FFWD_COUNTED)
#undef FFWD_COUNTED

 private:
  void count(const ConvolutionShape& shape, int64_t output_pixels) {
    ++launches;
    flops += 2.0 * double(output_pixels * shape.units * shape.taps() * shape.channels());
  }

  std::unique_ptr<Device> cpu_ = make_cpu_device();
};

struct Variant {
  Negatives labels;
  bool head, peer, adam;
  enum Layers { dense, convolutions, pointwise } layers = dense;
  GoodnessOf goodness_of = GoodnessOf::image;
};

std::vector<LayerSpec> layers_of(Variant::Layers layers) {
  constexpr auto convolution = LayerSpec::Kind::convolution, pool = LayerSpec::Kind::max_pool;
  if (layers == Variant::dense) return dense_layers({48, 48, 48, 33});
  if (layers == Variant::pointwise) return {{convolution, 8}, {convolution, 16}, {convolution, 8}};
  return {{convolution, 16, 3, 1, 1},
          {pool},
          {convolution, 24, 3, 2, 1, 2},
          {LayerSpec::Kind::dense, 20}};
}

std::string name_of_variant(const Variant& v) {
  static const char* const labels[] = {"fixed", "random", "head"};
  static const char* const layers[] = {"dense", "convolutions", "pointwise"};
  return std::string(layers[v.layers]) + "_" + labels[int(v.labels)] + (v.head ? "_head" : "") +
         (v.peer ? "_peer" : "") + (v.adam ? "_adam" : "") +
         (v.goodness_of == GoodnessOf::pixel ? "_pixel" : "");
}

class PlanCostOf : public ::testing::TestWithParam<Variant> {
 protected:
  // One step of a schedule's stage, and each kind of its tasks alone, as Steps does it and as the
  // plan has it.
  void compare(Schedule schedule, size_t stage_number) {
    const auto [labels, head, peer, adam, layers, goodness_of] = GetParam();
    Recipe recipe = toy_recipe();
    recipe.network.layers = layers_of(layers);
    recipe.objective.goodness_of = goodness_of;
    recipe.training.schedule = schedule;
    recipe.negatives.labels = labels;
    recipe.network.head = head;
    recipe.objective.peer_strength = peer ? 0.03f : 0.0f;
    recipe.optimiser.kind = adam ? OptimiserKind::adam : OptimiserKind::momentum;
    const Dataset data = toy_dataset();
    const int64_t batch = recipe.training.batch;

    CountingDevice device;
    const Model model = make_model(device, recipe, data.format, batch);
    const int64_t for_model = device.allocated;
    const Vector<uint8_t> pixels(device, data.train.pixels);
    const int64_t for_pixels = device.allocated - for_model;
    Steps steps(*model.network, recipe, pixels.view().data, batch, /*same_batch=*/false);
    const int64_t allocated = device.allocated - for_pixels;
    const std::vector<int32_t> order = shuffled(batch, 1, 1);
    const Vector<int32_t> sample(device, order),
        label(device, epoch_labels(order, data.train.labels, batch));
    const Vector<StepValues> values(device, step_values(recipe, 1.0f, 0, 0, 1));
    const Stage stage = stages_of(recipe).at(stage_number);
    const auto expect = [&](const TaskKinds& only, const TaskCost& cost) {
      device.launches = 0;
      device.flops = 0;
      steps.run(stage, {sample.view(), label.view(), values.view()}, only);
      EXPECT_EQ(cost.launches, device.launches);
      EXPECT_EQ(cost.flops, device.flops);
    };

    PlanOptions options;
    options.stage = stage;
    const Plan plan = make_plan(plan_shape(recipe, *model.network, batch), options);
    expect({}, cost_of(plan, h200_rates(Precision::fp32)).total);
    std::map<TaskKind, TaskCost> of_kind;
    for (const PlanTask& task : plan.tasks) {
      const TaskCost cost = cost_of(plan, task);
      of_kind[task.kind].launches += cost.launches;
      of_kind[task.kind].flops += cost.flops;
    }
    for (const auto& [kind, cost] : of_kind) {
      SCOPED_TRACE(name_of(kTaskKinds, kind));
      expect({kind}, cost);
    }
    // What the step learns from: which images, labels (wrong ones among them), values.
    const int64_t staged = batch * 4 + 3 * batch * 4 + int64_t(sizeof(StepValues));
    const PlanBuffer* wrong_labels = plan.find(BufferKind::wrong_labels);
    EXPECT_EQ(plan.bytes() - wrong_labels->bytes * wrong_labels->slots, allocated - staged);
  }
};

TEST_P(PlanCostOf, AStepOfAllLayersIsWhatStepsDoes) {
  compare(Schedule::simultaneous, 0);
}

TEST_P(PlanCostOf, AGreedyStepIsWhatStepsDoes) {
  for (size_t stage = 0; stage < 3; ++stage) compare(Schedule::greedy, stage);
}

INSTANTIATE_TEST_SUITE_P(
    Recipes, PlanCostOf,
    ::testing::Values(
        Variant{Negatives::random, true, false, false},
        Variant{Negatives::random, false, true, true}, Variant{Negatives::fixed, true, true, true},
        Variant{Negatives::head, true, true, false}, Variant{Negatives::head, true, false, true},
        Variant{Negatives::random, true, true, true, Variant::convolutions},
        Variant{Negatives::head, true, false, false, Variant::convolutions, GoodnessOf::pixel},
        Variant{Negatives::fixed, false, true, false, Variant::convolutions},
        Variant{Negatives::head, true, true, true, Variant::pointwise}),
    [](const auto& test) { return name_of_variant(test.param); });

// Two matmuls, a row kernel and an update; in the first layer a matmul more. Peer normalisation: one
// for the means of so few rows, two for the push.
TEST(PlanLaunches, AreFourInALayer) {
  for (const bool peer : {false, true}) {
    PlanShape shape;
    shape.image = {28, 28, 1};
    shape.classes = 10;
    shape.layers = dense_shapes(shape.image, {500, 500});
    shape.batch = 100;
    shape.peer_normalisation = peer;
    PlanOptions options;
    options.stage = {0, 2, true};
    const Plan plan = make_plan(shape, options);
    std::map<int64_t, int64_t> of_layer;
    for (const PlanTask& task : plan.tasks) of_layer[task.layer] += cost_of(plan, task).launches;
    EXPECT_EQ(of_layer[1], peer ? 7 : 4);
    EXPECT_EQ(of_layer[0], of_layer[1] + 1) << "the label's gradient";
  }
}

// 784-2000x4 in bf16 with Adam, every layer learning: the figures of bench/results/gpu.md.
TEST(PlanCost, OfTheLargestStepByHand) {
  constexpr int64_t kInputs = 784, kUnits = 2000, kBf16 = 2;
  for (const int64_t images : {512, 50000}) {
    PlanShape shape = fully_connected({kUnits, kUnits, kUnits, kUnits});
    shape.head = false;
    shape.optimiser_states = 2;
    shape.activation_bytes = kBf16;
    shape.batch = images;
    PlanOptions options;
    options.stage = {0, 4, false};
    const Plan plan = make_plan(shape, options);
    std::map<TaskKind, TaskCost> of_kind;
    int64_t launches = 0, flops = 0;
    for (const PlanTask& task : plan.tasks) {
      const TaskCost cost = cost_of(plan, task);
      of_kind[task.kind].bytes += cost.bytes;
      launches += cost.launches;
      flops += int64_t(cost.flops);
    }
    const int64_t rows = 2 * images, labels = 11;  // 11: with the neutral one
    const int64_t first = (images + labels) * kInputs + images * kInputs + rows * 10;
    EXPECT_EQ(flops, 2 * kUnits * (first + 3 * 2 * rows * kUnits));
    EXPECT_EQ(launches, 3 + 5 + 3 * 4) << "input, first layer, the others";
    const int64_t weights = kInputs * kUnits + 3 * kUnits * kUnits, biases = 4 * kUnits;
    EXPECT_EQ(of_kind[TaskKind::update].bytes, 30 * weights + 28 * biases);
    // z, its gradient and the next layer's input; first the shared product in z's place and the
    // gradient of images besides; at last no next input. Running figures, of 12 bytes a row.
    const int64_t passes = (images + labels) + images + 2 * rows + 2 * 3 * rows + 2 * rows;
    EXPECT_EQ(of_kind[TaskKind::goodness].bytes, kBf16 * kUnits * passes + 4 * 2 * 12 * rows);
  }
}

// One layer of 8 inputs, 16 units and a batch of 4, no head: rates of 1 show the sums.
TEST(PlanCost, OfOneLayerByHand) {
  PlanShape shape;
  shape.image = {2, 4, 1};
  shape.classes = 2;
  shape.layers = dense_shapes(shape.image, {16});
  shape.batch = 4;
  shape.head = false;
  PlanOptions options;
  options.stage = {0, 1, false};
  const auto cost = [&](TaskKind kind) {
    const Plan plan = make_plan(shape, options);
    for (const PlanTask& task : plan.tasks) {
      if (task.kind == kind) return cost_of(plan, task);
    }
    return TaskCost{};
  };
  // 8 learning rows, fp32.
  EXPECT_EQ(cost(TaskKind::gather).bytes, 4 * 8 * (1 + 4));
  // 4 images, 2 classes and the neutral label.
  EXPECT_EQ(cost(TaskKind::shared_product).flops, 2 * 7 * 8 * 16);
  EXPECT_EQ(cost(TaskKind::shared_product).bytes, 4 * (7 * 8 + 8 * 16 + 7 * 16));
  // z as a shared product; its gradient of rows and of images; running figures read and written.
  EXPECT_EQ(cost(TaskKind::goodness).bytes, 4 * (7 + 8 + 4) * 16 + 2 * 12 * 8);
  EXPECT_EQ(cost(TaskKind::gradient).flops, 2 * 4 * 8 * 16 + 2 * 8 * 2 * 16);
  // The products of images and of labels.
  constexpr int64_t kProducts = 4 * (4 * 16 + 4 * 8 + 16 * 8 + 8 * 16 + 8 * 2 + 16 * 2);
  EXPECT_EQ(cost(TaskKind::gradient).bytes, kProducts);
  EXPECT_EQ(cost(TaskKind::update).bytes, 4 * 5 * (8 * 16 + 16));  // 3 read, 2 written
  shape.peer_normalisation = true;                                 // reads the activities
  EXPECT_EQ(cost(TaskKind::goodness).bytes, 4 * (7 + 2 * 8 + 4) * 16 + 2 * 12 * 8);
  // Reads the positive rows' activities, and pushes their gradient and that of their images.
  EXPECT_EQ(cost(TaskKind::gradient).bytes, kProducts + 4 * 5 * 4 * 16);
  shape.peer_normalisation = false;
  shape.layers = dense_shapes(shape.image, {16, 16});
  options.stage.end_layer = 2;  // and so does the next layer
  EXPECT_EQ(cost(TaskKind::goodness).bytes, 4 * (7 + 2 * 8 + 4) * 16 + 2 * 12 * 8);
}

TEST(PlanCost, ModelsTimeByHand) {
  Plan plan{};
  plan.shape.image = {2, 4, 1};
  plan.shape.layers = dense_shapes(plan.shape.image, {16, 16});
  plan.shape.batch = 4;
  plan.lanes = {"a", "b"};
  // Random wrong labels: one launch that moves 4 * 12 bytes.
  const auto add = [&](int64_t lane, std::vector<int64_t> after) {
    plan.tasks.push_back({TaskKind::draw_labels, -1, 0, RowClass::learning, lane, {}, {}, after});
  };
  add(0, {});
  add(0, {});
  add(1, {0});
  add(1, {});
  const PlanCost cost = cost_of(plan, {1.0, 48.0, 10.0});
  const double task = 48 / 48.0 + 10;
  EXPECT_DOUBLE_EQ(cost.serial, 4 * task);
  EXPECT_DOUBLE_EQ(cost.critical_path, 3 * task);
  EXPECT_EQ(cost.busy, (std::vector<double>{2 * task, 2 * task}));
  EXPECT_DOUBLE_EQ(cost.floor, 4);
  EXPECT_DOUBLE_EQ(cost.planned(), 3 * task);
  EXPECT_DOUBLE_EQ(cost.ratio(), 0.75);
  const PlanCost without_launches = cost_of(plan, {1.0, 48.0, 0.0});
  EXPECT_DOUBLE_EQ(without_launches.planned(), 4) << "lanes share the device's bandwidth";
  EXPECT_DOUBLE_EQ(without_launches.ratio(), 1);
}

TEST(PlanCost, PipeliningNeverCostsAndWorkStaysTheSame) {
  for (int seed = 0; seed < 200; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    PlanCase c = random_case(random, true);
    const PlanCost pipelined = cost_of(c.plan(), h200_rates(Precision::fp32));
    c.options.pipelined = false;
    const PlanCost serial = cost_of(c.plan(), h200_rates(Precision::fp32));
    EXPECT_EQ(pipelined.total.launches, serial.total.launches) << "seed " << seed;
    EXPECT_EQ(pipelined.total.flops, serial.total.flops) << "seed " << seed;
    EXPECT_NEAR(serial.ratio(), 1, 1e-9) << "seed " << seed;
    EXPECT_LE(pipelined.critical_path, serial.critical_path * (1 + 1e-9)) << "seed " << seed;
    for (const double busy : pipelined.busy) {
      EXPECT_LE(busy, pipelined.critical_path * (1 + 1e-9)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ffwd::test
