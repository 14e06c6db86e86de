#include "host/training/steps.h"

#include <algorithm>

#include "engine/device/range.h"
#include "host/plan/plan_builder.h"
#include "host/plan/recipe_plan.h"
#include "host/plan/trace.h"

namespace ffwd {
namespace {

// Nothing is gained by more than one step if one task follows another.
int64_t steps_at_once(const Recipe& recipe, const Execution& execution, bool queues) {
  const bool lags = recipe.negatives.labels == Negatives::head && recipe.negatives.lag > 0;
  const bool one = execution.executor == ExecutorKind::serial && !queues && !lags;
  return one ? 1 : kStepsOfAPlan;
}

}  // namespace

ExecutorKind default_executor(Schedule schedule) {
  return schedule == Schedule::pipelined ? ExecutorKind::lanes : ExecutorKind::serial;
}

Steps::Steps(Network& network, const Recipe& recipe, const uint8_t* pixels, int64_t max_images,
             bool same_batch, const Execution& execution)
    : network_(&network),
      recipe_(recipe),
      execution_(execution),
      same_batch_(same_batch),
      most_at_once_(same_batch ? 1 : steps_at_once(recipe, execution, network.device().queues())),
      depth_(depth_that_fits(max_images)),
      runner_(network, recipe, pixels, max_images, most_at_once_, slots_for(max_images)),
      executor_(make_executor(execution.executor, network.device())) {}

bool Steps::overlaps() const {
  return execution_.executor == ExecutorKind::lanes ||
         (execution_.executor == ExecutorKind::graph &&
          recipe_.training.schedule == Schedule::pipelined);
}

Plan Steps::plan_for(const Stage& stage, int64_t images, int64_t steps, bool kept) const {
  PlanOptions options;
  options.stage = stage;
  options.steps = steps;
  options.pipelined = overlaps();
  options.depth = depth_;
  options.kept = kept;
  return make_plan(plan_shape(recipe_, *network_, images), options);
}

// So many batches in flight that what plans take leaves a tenth of what is free, for what libraries
// need; one at least. The network has its memory already; a trainer's tables are not counted.
int64_t Steps::depth_that_fits(int64_t images) const {
  const PlanShape shape = plan_shape(recipe_, *network_, images);
  const double room = 0.9 * double(network_->device().free_memory());
  int64_t depth = INT64_MAX;
  for (const Stage& stage : stages_of(recipe_)) {
    PlanOptions options;
    options.stage = stage;
    options.steps = most_at_once_;
    options.pipelined = overlaps();
    options.depth = 1;
    const Plan least = make_plan(shape, options);
    const double limit = room + double(least.network_bytes());
    options.depth = 0;
    options.memory_limit = std::max(least.bytes(), int64_t(std::min(limit, 9e18)));
    depth = std::min(depth, make_plan(shape, options).depth);
  }
  return depth;
}

// As many as any stage's plan needs. A stage whose plan needs fewer is right with more as well: what
// a task writes over is then an older batch, whose readers an earlier task of its lane waited for.
NetworkSlots Steps::slots_for(int64_t images) const {
  const size_t layers = network_->layers().size();
  NetworkSlots slots;
  slots.layers.resize(layers);
  slots.take_turns = !overlaps();
  for (const Stage& stage : stages_of(recipe_)) {
    const Plan plan = plan_for(stage, images, most_at_once_, /*kept=*/false);
    const auto raise = [&](int64_t& to, BufferKind kind, int64_t layer) {
      if (const PlanBuffer* buffer = plan.find(kind, layer)) to = std::max(to, buffer->slots);
    };
    raise(slots.images.images, BufferKind::images, -1);
    raise(slots.images.shown, BufferKind::shown, -1);
    raise(slots.images.shared_product, BufferKind::shared_product, 0);
    for (size_t l = 0; l < layers; ++l) {
      raise(slots.layers[l].z, BufferKind::z, int64_t(l));
      raise(slots.layers[l].activities, BufferKind::activities, int64_t(l));
      raise(slots.layers[l].next, BufferKind::next, int64_t(l));
      raise(slots.layers[l].figures, BufferKind::figures, int64_t(l));
    }
  }
  return slots;
}

// For a plan of so many steps, the next one.
void Steps::switch_profiler(int64_t steps) {
  const bool wanted =
      steps_run_ < execution_.profile_end && steps_run_ + steps > execution_.profile_first;
  if (wanted == profiled_) return;
  network_->device().wait();
  wanted ? start_profiler() : stop_profiler();
  profiled_ = wanted;
}

bool Steps::input_is_kept(const Stage& stage) {
  if (!keeps_input(recipe_, same_batch_)) return false;
  const bool kept = kept_ == stage;
  kept_ = stage;
  return kept;
}

void Steps::run(const Stage& stage, const Batches& batches, const TaskKinds& only) {
  const int64_t steps = batches.steps(), images = batches.images();
  const bool kept = input_is_kept(stage);
  Ready& ready = ready_[{stage, images, steps, kept, only}];
  if (!ready.plan) {
    ready.plan = std::make_unique<Plan>(plan_for(stage, images, steps, kept));
    const Plan& plan = *ready.plan;
    ready.prepared =
        executor_->prepare(plan, [this, &plan, only](const PlanTask& task, Device& lane) {
          if (!only.empty() && only.count(task.kind) == 0) return;
          Trace* const trace = execution_.trace;
          if (!trace) return runner_.run(plan, task, lane);
          std::unique_ptr<Event> begin = trace->start(lane);
          runner_.run(plan, task, lane);
          trace->end(plan, task, lane, std::move(begin));
        });
  }
  const Range range("steps", steps);
  runner_.take(batches, kept);
  if (execution_.trace) execution_.trace->begin_plan(steps_run_);
  switch_profiler(steps);
  steps_run_ += steps;
  ready.prepared->play();
}

}  // namespace ffwd
