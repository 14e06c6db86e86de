#include "host/plan/plan_order.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ffwd {
namespace {

// Who touched a place, up to some task.
struct Touched {
  int64_t writer = -1;
  std::vector<int64_t> readers;  // since the writer
};

// All earlier tasks that a task must wait for, those on its own lane and implied ones included.
std::vector<std::set<int64_t>> conflicts(const Plan& plan) {
  std::map<std::tuple<int64_t, int64_t, RowClass>, Touched> places;
  std::vector<std::set<int64_t>> earlier(plan.tasks.size());
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto visit = [&](const std::vector<PlanAccess>& accesses, auto touch) {
      for (const PlanAccess& access : accesses) {
        for (const RowClass part : {RowClass::learning, RowClass::neutral}) {
          if (overlap(access.rows, part)) touch(places[{access.buffer, access.slot, part}]);
        }
      }
    };
    visit(plan.tasks[t].reads, [&](Touched& place) {
      if (place.writer >= 0) earlier[t].insert(place.writer);
      place.readers.push_back(int64_t(t));
    });
    visit(plan.tasks[t].writes, [&](Touched& place) {
      if (place.writer >= 0) earlier[t].insert(place.writer);
      earlier[t].insert(place.readers.begin(), place.readers.end());
      place = {int64_t(t), {}};
    });
    earlier[t].erase(int64_t(t));
  }
  return earlier;
}

// The first task of a batch waits until an earlier batch has gone through.
void limit_depth(const Plan& plan, std::vector<std::set<int64_t>>& earlier) {
  std::vector<int64_t> first(size_t(plan.steps), -1);
  std::vector<std::vector<int64_t>> last(size_t(plan.steps),
                                         std::vector<int64_t>(plan.lanes.size(), -1));
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto step = size_t(plan.tasks[t].step);
    if (first[step] < 0) first[step] = int64_t(t);
    last[step][size_t(plan.tasks[t].lane)] = int64_t(t);
  }
  for (int64_t step = plan.depth + plan.lag; step < plan.steps; ++step) {
    for (const int64_t task : last[size_t(step - plan.depth - plan.lag)]) {
      if (task >= 0) earlier[size_t(first[size_t(step)])].insert(task);
    }
  }
}

}  // namespace

PlanOrder::PlanOrder(const Plan& plan) : plan_(&plan) {
  const size_t lanes = plan.lanes.size();
  std::vector<int64_t> lane_end(lanes, -1);
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const PlanTask& task = plan.tasks[t];
    std::vector<int64_t> last(lanes, -1);
    const auto wait_for = [&](int64_t other) {
      if (other < 0 || other >= int64_t(t)) return;
      for (size_t lane = 0; lane < lanes; ++lane) {
        last[lane] = std::max(last[lane], last_[size_t(other)][lane]);
      }
      int64_t& own = last[size_t(plan.tasks[size_t(other)].lane)];
      own = std::max(own, other);
    };
    wait_for(lane_end[size_t(task.lane)]);
    for (const int64_t other : task.after) wait_for(other);
    last_.push_back(std::move(last));
    lane_end[size_t(task.lane)] = int64_t(t);
  }
}

bool PlanOrder::before(int64_t a, int64_t b) const {
  return last_[size_t(b)][size_t(plan_->tasks[size_t(a)].lane)] >= a;
}

void link_tasks(Plan& plan) {
  auto earlier = conflicts(plan);
  limit_depth(plan, earlier);
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    plan.tasks[t].after.assign(earlier[t].begin(), earlier[t].end());
  }
  const PlanOrder order(plan);
  std::vector<int64_t> lane_end(plan.lanes.size(), -1);
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    PlanTask& task = plan.tasks[t];
    int64_t& previous = lane_end[size_t(task.lane)];
    if (previous >= 0) earlier[t].insert(previous);
    task.after.clear();
    for (const int64_t other : earlier[t]) {
      const bool implied = std::any_of(earlier[t].begin(), earlier[t].end(), [&](int64_t later) {
        return later != other && order.before(other, later);
      });
      if (!implied && other != previous) task.after.push_back(other);
    }
    previous = int64_t(t);
  }
}

}  // namespace ffwd
