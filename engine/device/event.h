// Points in the work of devices, and work that is kept to be done again.
#pragma once

#include <memory>

namespace ffwd {

// A point in the work of a device's lane, from which other lanes go on (Device::record, wait_for).
class Event {
 public:
  virtual ~Event() = default;
  // As if it had never been recorded. Nobody may be waiting.
  virtual void reset() = 0;
  // From `earlier` to this one; both are timed, and over.
  virtual double seconds_since(const Event& earlier) const = 0;
};

// What a device's lanes did while they were captured, ready to be done again.
class Graph {
 public:
  virtual ~Graph() = default;
  // Queues all of it on the lane that it was captured from; does not wait.
  virtual void launch() = 0;
};

}  // namespace ffwd
