#include "host/plan/trace.h"

#include <map>
#include <nlohmann/json.hpp>

#include "host/basics/file_io.h"

namespace ffwd {

Trace::Trace(Device& device, int64_t plans)
    : device_(&device), plans_(plans), origin_(device.make_event(/*timed=*/true)) {
  device.record(*origin_);
}

void Trace::begin_plan(int64_t step) {
  ++begun_;
  first_step_ = step;
}

std::unique_ptr<Event> Trace::start(Device& lane) const {
  if (begun_ > plans_) return nullptr;
  auto begin = lane.make_event(/*timed=*/true);
  lane.record(*begin);
  return begin;
}

void Trace::end(const Plan& plan, const PlanTask& task, Device& lane,
                std::unique_ptr<Event> begin) {
  if (!begin) return;
  auto end = lane.make_event(/*timed=*/true);
  lane.record(*end);
  const std::lock_guard<std::mutex> lock(mutex_);
  records_.push_back({task, plan.lanes[size_t(task.lane)], first_step_ + task.step,
                      std::move(begin), std::move(end)});
}

void Trace::write(const std::string& path) const {
  device_->wait();
  nlohmann::json events = nlohmann::json::array();
  std::map<std::string, size_t> rows;  // of lanes
  for (const Record& record : records_) {
    const size_t row = rows.emplace(record.lane, rows.size()).first->second;
    const double begin = record.begin->seconds_since(*origin_);
    nlohmann::json event = {{"name", name_of(kTaskKinds, record.task.kind)},
                            {"cat", "step " + std::to_string(record.step)},
                            {"ph", "X"},
                            {"pid", 0},
                            {"tid", row},
                            {"ts", 1e6 * begin},
                            {"dur", 1e6 * record.end->seconds_since(*record.begin)},
                            {"args", {{"step", record.step}}}};
    if (record.task.layer >= 0) event["args"]["layer"] = record.task.layer;
    events.push_back(event);
  }
  events.push_back({{"name", "process_name"},
                    {"ph", "M"},
                    {"pid", 0},
                    {"args", {{"name", "ffwd on " + device_->name()}}}});
  for (const auto& [lane, row] : rows) {
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", 0},
                      {"tid", row},
                      {"args", {{"name", lane}}}});
  }
  write_file_atomically(path,
                        nlohmann::json{{"traceEvents", events}, {"displayTimeUnit", "ms"}}.dump(1));
}

}  // namespace ffwd
