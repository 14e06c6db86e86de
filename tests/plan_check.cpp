#include "tests/plan_check.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/network/layer_places.h"
#include "host/plan/plan_order.h"

namespace ffwd {
namespace {

constexpr RowClass kParts[] = {RowClass::learning, RowClass::neutral};

class Checker {
 public:
  explicit Checker(const Plan& plan) : plan_(plan) {}

  std::vector<std::string> run() {
    check_form();
    if (!problems_.empty()) return problems_;  // the rest relies on it
    check_lanes();
    check_work();
    const PlanOrder order(plan_);
    check_memory(order);
    check_depth(order);
    return problems_;
  }

 private:
  const PlanTask& task(int64_t t) const { return plan_.tasks[size_t(t)]; }
  int64_t tasks() const { return int64_t(plan_.tasks.size()); }
  std::string name(int64_t t) const {
    return "task " + std::to_string(t) + " (" + describe(task(t)) + ")";
  }
  std::string place(const PlanAccess& access) const {
    return "slot " + std::to_string(access.slot) + " of " +
           plan_.buffers[size_t(access.buffer)].name;
  }
  void say(const std::string& problem) {
    // Both parts of a place may have the same problem.
    if (problems_.empty() || problems_.back() != problem) problems_.push_back(problem);
  }

  void check_form();
  void check_form(int64_t t, const PlanAccess& access);
  void check_lanes();
  void check_work();
  RowClass work_of(TaskKind kind, int64_t layer) const;
  // Who touched a place last.
  struct Content {
    int64_t writer = -1;
    std::vector<int64_t> readers;  // since the writer
  };
  std::vector<TaskKind> writers_of(const PlanBuffer& buffer) const;
  bool changes(const PlanBuffer& buffer) const;
  bool may_write(const PlanTask& task, const PlanBuffer& buffer) const;
  bool may_read(const PlanTask& task, const PlanBuffer& buffer, int64_t writer) const;
  int64_t place_of(BufferKind kind, int64_t layer) const;
  int64_t step_to_read(const PlanTask& task, const PlanBuffer& buffer) const;
  void check_content(const std::string& who, const PlanAccess& access, int64_t writer, int64_t step,
                     TaskKind kind);
  void check_memory(const PlanOrder& order);
  void check_read(const PlanOrder& order, int64_t t, const PlanAccess& access,
                  const Content& content);
  void check_write(const PlanOrder& order, int64_t t, const PlanAccess& access,
                   const Content& content);
  void check_depth(const PlanOrder& order);

  const Plan& plan_;
  std::vector<std::string> problems_;
};

void Checker::check_form(int64_t t, const PlanAccess& access) {
  if (access.buffer < 0 || access.buffer >= int64_t(plan_.buffers.size())) {
    return say(name(t) + " touches buffer " + std::to_string(access.buffer) + ", which is none");
  }
  const PlanBuffer& buffer = plan_.buffers[size_t(access.buffer)];
  if (access.slot < 0 || access.slot >= buffer.slots) {
    say(name(t) + " touches " + place(access) + ", which has " + std::to_string(buffer.slots));
  }
}

void Checker::check_form() {
  for (int64_t t = 0; t < tasks(); ++t) {
    const PlanTask& task = plan_.tasks[size_t(t)];
    for (const PlanAccess& access : task.reads) check_form(t, access);
    for (const PlanAccess& access : task.writes) check_form(t, access);
    if (task.lane < 0 || task.lane >= int64_t(plan_.lanes.size())) {
      say(name(t) + " is on lane " + std::to_string(task.lane) + ", which is none");
    }
    for (const int64_t other : task.after) {
      if (other < 0 || other >= t) {
        say(name(t) + " waits for task " + std::to_string(other) + ", which is not before it");
      } else if (plan_.tasks[size_t(other)].lane == task.lane) {
        say(name(t) + " waits for " + name(other) + ", which is on its own lane");
      }
    }
    if (task.step < 0 || task.step >= plan_.steps) {
      say(name(t) + " is outside the plan's " + std::to_string(plan_.steps) + " steps");
    }
  }
}

void Checker::check_lanes() {
  std::map<std::string, int64_t> first;  // of each owner of a lane
  for (int64_t t = 0; t < tasks(); ++t) {
    const PlanTask& task = plan_.tasks[size_t(t)];
    std::string owner = "input";
    if (task.layer >= 0) owner = "layer " + std::to_string(task.layer);
    const bool from_head = task.kind == TaskKind::draw_labels && plan_.shape.labels_from_head;
    if (task.kind >= TaskKind::head_forward || from_head) owner = "head";
    const int64_t other = first.emplace(owner, t).first->second;
    if (task.lane != plan_.tasks[size_t(other)].lane) {
      say(name(t) + " is on lane " + plan_.lanes[size_t(task.lane)] + ", but " + name(other) +
          " on lane " + plan_.lanes[size_t(plan_.tasks[size_t(other)].lane)]);
    }
  }
}

// The rows of a batch that must pass through a kind of task, of a layer if it has one.
RowClass Checker::work_of(TaskKind kind, int64_t layer) const {
  const Stage& stage = plan_.stage;
  const bool from_head = plan_.shape.labels_from_head && stage.has_layers();
  const RowClass learning = stage.has_layers() ? RowClass::learning : RowClass::none;
  const RowClass neutral = stage.head || from_head ? RowClass::neutral : RowClass::none;
  const bool kept = plan_.kept && !stage.has_layer(layer);
  switch (kind) {
    case TaskKind::gather:
    case TaskKind::show_labels:
      return kept ? RowClass::none : learning | neutral;
    case TaskKind::draw_labels:
      return kept ? RowClass::none : learning;
    case TaskKind::shared_product:
      if (kept || layer != 0 || !plan_.shape.shares_product()) return RowClass::none;
      return learning | neutral;
    case TaskKind::forward:
    case TaskKind::goodness:
      if (kept || (kind == TaskKind::forward && plan_.shape.z_is_shared_product(layer))) {
        return RowClass::none;
      }
      return layer < stage.end_layer ? learning | neutral : neutral;
    case TaskKind::gradient:
    case TaskKind::update:
      return stage.has_layer(layer) ? learning : RowClass::none;
    case TaskKind::head_forward:
      return neutral;
    case TaskKind::head_learn:
      return stage.head ? neutral : RowClass::none;
  }
  return RowClass::none;
}

void Checker::check_work() {
  std::map<std::tuple<int64_t, TaskKind, int64_t, RowClass>, int64_t> count;
  std::map<std::tuple<int64_t, bool, RowClass>, int64_t> latest;  // of a layer, or the head
  for (int64_t t = 0; t < tasks(); ++t) {
    const PlanTask& task = plan_.tasks[size_t(t)];
    for (const RowClass part : kParts) {
      if (!overlap(task.rows, part)) continue;
      ++count[{task.step, task.kind, task.layer, part}];
      if (task.kind < TaskKind::shared_product) continue;
      const auto [last, is_first] =
          latest.insert({{task.layer, task.kind >= TaskKind::head_forward, part}, t});
      const PlanTask& before = plan_.tasks[size_t(last->second)];
      if (!is_first && std::tie(task.step, task.kind) <= std::tie(before.step, before.kind)) {
        say(name(t) + " comes after " + name(last->second));
      }
      last->second = t;
    }
  }
  const auto require = [&](TaskKind kind, int64_t layer, int64_t step) {
    for (const RowClass part : kParts) {
      const auto found = count.find({step, kind, layer, part});
      const int64_t is = found == count.end() ? 0 : found->second;
      const int64_t should = overlap(work_of(kind, layer), part) ? 1 : 0;
      if (is == should) continue;
      say(describe({kind, layer, step, part, 0, {}, {}, {}}) + " is there " + std::to_string(is) +
          " times for " + (part == RowClass::learning ? "learning" : "neutral") +
          " rows, expected " + std::to_string(should));
    }
  };
  for (int64_t step = 0; step < plan_.steps; ++step) {
    for (const TaskKind kind : {TaskKind::gather, TaskKind::draw_labels, TaskKind::show_labels,
                                TaskKind::head_forward, TaskKind::head_learn}) {
      require(kind, -1, step);
    }
    for (int64_t l = 0; l < int64_t(plan_.shape.layers.size()); ++l) {
      for (const TaskKind kind : {TaskKind::shared_product, TaskKind::forward, TaskKind::goodness,
                                  TaskKind::gradient, TaskKind::update}) {
        require(kind, l, step);
      }
    }
  }
}

// The kinds of tasks that may write a buffer, in a step's order.
std::vector<TaskKind> Checker::writers_of(const PlanBuffer& buffer) const {
  const bool peer = plan_.shape.peer_normalisation;
  switch (buffer.kind) {
    case BufferKind::images:
      return {TaskKind::gather};
    case BufferKind::wrong_labels:
      return {TaskKind::draw_labels};
    case BufferKind::shown:
      return {TaskKind::show_labels};
    case BufferKind::shared_product:
      return {TaskKind::shared_product};
    case BufferKind::z:
      if (!peer) return {TaskKind::forward, TaskKind::goodness};
      return {TaskKind::forward, TaskKind::goodness, TaskKind::gradient};
    case BufferKind::activities:
    case BufferKind::next:
    case BufferKind::figures:
      return {TaskKind::goodness};
    case BufferKind::scratch:
      if (plan_.shape.z_is_shared_product(buffer.layer)) {
        return {TaskKind::goodness, TaskKind::gradient};
      }
      return {TaskKind::gradient};
    case BufferKind::gradient:
      return {TaskKind::gradient};
    case BufferKind::weights:
      return {TaskKind::update};
    case BufferKind::peer_mean:
      if (!peer) return {};
      return {TaskKind::gradient};
    case BufferKind::running:
      if (!plan_.stage.has_layer(buffer.layer)) return {};
      return {TaskKind::goodness};
    case BufferKind::logits:
      return {TaskKind::head_forward};
    case BufferKind::head_scratch:
    case BufferKind::head_weights:
    case BufferKind::head_running:
      return {TaskKind::head_learn};
  }
  return {};
}

// Whether the plan changes a buffer that is carried.
bool Checker::changes(const PlanBuffer& buffer) const {
  const std::vector<TaskKind> writers = writers_of(buffer);
  return !writers.empty() && work_of(writers.front(), buffer.layer) != RowClass::none;
}

// The step whose content of a buffer a task must find there; -1: what was there at the start.
int64_t Checker::step_to_read(const PlanTask& task, const PlanBuffer& buffer) const {
  if (!buffer.carried) return task.step;
  if (!changes(buffer)) return -1;
  const bool ahead = task.layer >= 0 && task.rows == RowClass::neutral;
  return ahead ? std::max<int64_t>(task.step - plan_.lag, 0) - 1 : task.step - 1;
}

void Checker::check_content(const std::string& who, const PlanAccess& access, int64_t writer,
                            int64_t step, TaskKind kind) {
  const int64_t is = writer < 0 ? -1 : task(writer).step;
  if (is == step && (writer < 0 || task(writer).kind == kind)) return;
  const auto content = [](int64_t made_in, TaskKind maker) {
    return made_in < 0 ? "what the plan started with"
                       : std::string("that of ") + name_of(kTaskKinds, maker) + " at step " +
                             std::to_string(made_in);
  };
  say(who + " " + place(access) + " with " +
      (writer < 0 ? content(-1, kind) : content(is, task(writer).kind)) + ", expected " +
      content(step, kind));
}

// In the order of the tasks, every place has had a last writer and readers since. Ordering every
// task after those orders all that touch a place, for to be before is transitive.
void Checker::check_memory(const PlanOrder& order) {
  std::map<std::tuple<int64_t, int64_t, RowClass>, Content> contents;
  const auto visit = [&](const std::vector<PlanAccess>& accesses, auto touch) {
    for (const PlanAccess& access : accesses) {
      for (const RowClass part : kParts) {
        if (overlap(access.rows, part)) {
          touch(access, contents[{access.buffer, access.slot, part}]);
        }
      }
    }
  };
  for (int64_t t = 0; t < tasks(); ++t) {
    visit(task(t).reads, [&](const PlanAccess& access, Content& content) {
      check_read(order, t, access, content);
      content.readers.push_back(t);
    });
    visit(task(t).writes, [&](const PlanAccess& access, Content& content) {
      check_write(order, t, access, content);
      content = {t, {}};
    });
  }
  for (size_t b = 0; b < plan_.buffers.size(); ++b) {
    const PlanBuffer& buffer = plan_.buffers[b];
    if (!buffer.carried || !changes(buffer)) continue;
    const PlanAccess access{int64_t(b), 0, RowClass::all};
    for (const RowClass part : kParts) {
      check_content("the plan ends with", access, contents[{access.buffer, 0, part}].writer,
                    plan_.steps - 1, writers_of(buffer).front());
    }
  }
}

void Checker::check_read(const PlanOrder& order, int64_t t, const PlanAccess& access,
                         const Content& content) {
  const PlanBuffer& buffer = plan_.buffers[size_t(access.buffer)];
  if (content.writer < 0 && !buffer.carried) {
    return say(name(t) + " reads " + place(access) + ", which nobody has written");
  }
  if (content.writer >= 0 && !order.before(content.writer, t)) {
    say(name(t) + " reads " + place(access) + " and does not wait for " + name(content.writer) +
        ", which writes it");
  }
  // Of several writers, the last that comes before the reader in a step.
  const std::vector<TaskKind> writers = writers_of(buffer);
  TaskKind kind = writers.empty() ? task(t).kind : writers.front();
  for (const TaskKind writer : writers) {
    if (writer < task(t).kind) kind = writer;
  }
  check_content(name(t) + " reads", access, content.writer, step_to_read(task(t), buffer), kind);
  if (content.writer >= 0 && !may_read(task(t), buffer, task(content.writer).layer)) {
    say(name(t) + " reads " + place(access) + " with that of another layer");
  }
}

// Layers of one lane share memory.
bool Checker::may_write(const PlanTask& task, const PlanBuffer& buffer) const {
  const std::vector<TaskKind> writers = writers_of(buffer);
  if (std::find(writers.begin(), writers.end(), task.kind) == writers.end()) return false;
  if (task.layer == buffer.layer) return true;
  if (plan_.lanes.size() > 1) return false;
  return buffer.layer == place_of(buffer.kind, task.layer);
}

// Whose memory of one lane a layer uses.
int64_t Checker::place_of(BufferKind kind, int64_t layer) const {
  const LayerPlaces places =
      layer_places(plan_.shape.layers, /*take_turns=*/true, plan_.shape.head);
  if (kind == BufferKind::z) return places.z[size_t(layer)];
  if (kind == BufferKind::next) return places.next[size_t(layer)];
  return kind == BufferKind::gradient ? places.gradient[size_t(layer)] : layer;
}

// Whether a task may find there what layer `writer` wrote.
bool Checker::may_read(const PlanTask& task, const PlanBuffer& buffer, int64_t writer) const {
  const bool shared = buffer.kind == BufferKind::z || buffer.kind == BufferKind::next ||
                      buffer.kind == BufferKind::gradient;
  if (!shared || task.layer < 0) return true;
  const bool from_below = buffer.kind == BufferKind::next && writer == task.layer - 1;
  return writer == task.layer || from_below;
}

void Checker::check_write(const PlanOrder& order, int64_t t, const PlanAccess& access,
                          const Content& content) {
  if (!may_write(task(t), plan_.buffers[size_t(access.buffer)])) {
    say(name(t) + " writes " + place(access) + ", which is not its to write");
  }
  if (content.writer >= 0 && content.writer != t && !order.before(content.writer, t)) {
    say(name(t) + " and " + name(content.writer) + " write " + place(access) +
        " in no certain order");
  }
  for (const int64_t reader : content.readers) {
    if (reader == t || order.before(reader, t)) continue;
    say(name(t) + " writes over " + place(access) + ", which " + name(reader) +
        " may still have to read");
  }
}

void Checker::check_depth(const PlanOrder& order) {
  std::vector<int64_t> first(size_t(plan_.steps), -1);
  for (int64_t t = tasks() - 1; t >= 0; --t) first[size_t(task(t).step)] = t;
  for (int64_t t = 0; t < tasks(); ++t) {
    const int64_t later = task(t).step + plan_.depth + plan_.lag;
    if (later >= plan_.steps || first[size_t(later)] < 0) continue;
    if (!order.before(t, first[size_t(later)])) {
      say(name(first[size_t(later)]) + " does not wait for " + name(t) + ", but at most " +
          std::to_string(plan_.depth + plan_.lag) + " batches may be in flight");
    }
  }
}

}  // namespace

std::vector<std::string> check_plan(const Plan& plan) {
  return Checker(plan).run();
}

std::string describe(const PlanTask& task) {
  return std::string(name_of(kTaskKinds, task.kind)) +
         (task.layer < 0 ? "" : " of layer " + std::to_string(task.layer)) + " at step " +
         std::to_string(task.step);
}

}  // namespace ffwd
