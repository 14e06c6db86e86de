// Plans of small networks, task by task, as a person would write them down.
#include <gtest/gtest.h>

#include "tests/random_plans.h"

namespace ffwd::test {
namespace {

// A line for each task: its lane, what it reads -> what it writes, and what it waits for. Rows of a
// batch: l learning, n neutral, none all.
std::string listing(const Plan& plan) {
  std::string text;
  for (const PlanTask& task : plan.tasks) {
    text += plan.lanes[size_t(task.lane)] + ": " + name_of(kTaskKinds, task.kind) + ",";
    for (const auto* accesses : {&task.reads, &task.writes}) {
      for (const PlanAccess& access : *accesses) {
        text += " " + plan.buffers[size_t(access.buffer)].name;
        if (access.rows == RowClass::learning) text += " (l)";
        if (access.rows == RowClass::neutral) text += " (n)";
      }
      if (accesses == &task.reads) text += " ->";
    }
    for (const int64_t other : task.after) text += " after " + std::to_string(other);
    text += "\n";
  }
  return text;
}

TEST(Plan, IsWhatAPersonWouldWriteForTwoLayers) {
  PlanShape shape = fully_connected({500, 400});
  PlanOptions options;
  options.stage = {0, 2, true};
  options.pipelined = true;
  EXPECT_EQ(listing(make_plan(shape, options)),
            "input: gather, -> images\n"
            "input: draw labels, -> wrong labels (l)\n"
            "input: show labels, images wrong labels (l) -> shown labels\n"
            "layer 0: shared product, images weights 0 -> shared product after 0\n"
            "layer 0: goodness, shared product shown labels wrong labels (l) weights 0 running 0 ->"
            " z 0 (l) scratch 0 next 0 figures 0 running 0 after 2\n"
            "layer 0: gradient, z 0 (l) shown labels (l) images scratch 0 ->"
            " scratch 0 gradient 0\n"
            "layer 0: update, gradient 0 weights 0 -> weights 0\n"
            "layer 1: forward, next 0 weights 1 -> z 1 after 4\n"
            "layer 1: goodness, z 1 weights 1 running 1 -> z 1 (l) next 1 figures 1 running 1\n"
            "layer 1: gradient, z 1 (l) next 0 (l) -> scratch 1 gradient 1\n"
            "layer 1: update, gradient 1 weights 1 -> weights 1\n"
            "head: head forward, next 1 (n) weights head -> logits (n) after 8\n"
            "head: head learn, next 1 (n) logits (n) weights head running head -> scratch head"
            " weights head running head\n");
}

TEST(Plan, IsWhatAPersonWouldWriteForLabelsFromTheHeadOneStepAhead) {
  PlanShape shape = fully_connected({500});
  shape.first_read_layer = 0;
  shape.labels_from_head = shape.peer_normalisation = true;
  shape.label_lag = 1;
  PlanOptions options;
  options.stage = {0, 1, true};
  options.steps = 2;
  const std::string neutral =
      "all: gather, -> images\n"
      "all: show labels, images -> shown labels (n)\n"
      "all: shared product, images weights 0 -> shared product\n"
      "all: goodness, shared product shown labels (n) weights 0 -> next 0 (n) figures 0 (n)\n"
      "all: head forward, next 0 (n) weights head -> logits (n)\n"
      "all: draw labels, logits (n) -> wrong labels (l)\n"
      "all: head learn, next 0 (n) logits (n) weights head running head -> scratch head"
      " weights head running head\n";
  const std::string learning =
      "all: show labels, images wrong labels (l) -> shown labels (l)\n"
      "all: shared product, images weights 0 -> shared product\n"
      "all: goodness, shared product shown labels (l) wrong labels (l) weights 0 running 0 ->"
      " z 0 (l) scratch 0 next 0 (l) figures 0 (l) running 0\n"
      "all: gradient, z 0 (l) next 0 (l) figures 0 (l) peer mean 0 shown labels (l) images"
      " scratch 0 -> peer mean 0 z 0 (l) scratch 0 gradient 0\n"
      "all: update, gradient 0 weights 0 -> weights 0\n";
  EXPECT_EQ(listing(make_plan(shape, options)), neutral + neutral + learning + learning);
}

TEST(Plan, IsWhatAPersonWouldWriteForAConvolutionAndItsPool) {
  PlanShape shape;
  shape.image = {8, 8, 3};
  shape.classes = 4;
  shape.batch = 5;
  shape.head = false;
  shape.peer_normalisation = true;
  shape.layers = layer_shapes({{LayerSpec::Kind::convolution, 16},
                               {LayerSpec::Kind::max_pool},
                               {LayerSpec::Kind::dense, 7}},
                              shape.image, Activation::relu, {});
  PlanOptions options;
  options.stage = {0, 2, false};
  EXPECT_EQ(
      listing(make_plan(shape, options)),
      "all: gather, -> images\n"
      "all: draw labels, -> wrong labels (l)\n"
      "all: show labels, images wrong labels (l) -> shown labels (l)\n"
      "all: forward, shown labels (l) weights 0 -> z 0 (l)\n"
      "all: goodness, z 0 (l) weights 0 running 0 -> z 0 (l) activities 0 (l) next 0 (l)"
      " figures 0 (l) running 0\n"
      "all: gradient, z 0 (l) activities 0 (l) figures 0 (l) peer mean 0 shown labels (l) ->"
      " peer mean 0 z 0 (l) scratch 0 gradient 0\n"
      "all: update, gradient 0 weights 0 -> weights 0\n"
      "all: forward, next 0 (l) weights 1 -> z 1 (l)\n"
      "all: goodness, z 1 (l) weights 1 running 1 -> z 1 (l) next 1 (l) figures 1 (l) running 1\n"
      "all: gradient, z 1 (l) next 1 (l) figures 1 (l) peer mean 1 next 0 (l) ->"
      " peer mean 1 z 1 (l) scratch 1 gradient 1\n"
      "all: update, gradient 1 weights 1 -> weights 1\n");
}

}  // namespace
}  // namespace ffwd::test
