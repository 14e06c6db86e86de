#include "simt/scheduler.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simt/choice.h"
#include "simt/fiber.h"
#include "simt/sanitizer.h"
#include "simt/schedule.h"
#include "simt/shared_memory.h"

namespace ffwd::simt {

Coordinates coordinates;

namespace {

constexpr unsigned kLanes = 32;

enum class State { ready, at_barrier, at_warp_operation, done };

void run_threads();

// What the lanes of one warp operation brought. Some may still read it when others are in the next.
struct Meeting {
  WarpValues values;
  int readers;
};

struct Thread {
  explicit Thread(unsigned number)
      : number(number), fiber(run_threads, "CUDA thread " + std::to_string(number)) {}

  unsigned number;  // in the block
  Fiber fiber;
  Meeting spare_meeting;
  uint3 index = {};
  State state = State::done;
  WarpRequest request = {};    // what the thread waits for, if it does
  std::uint64_t bits = 0;      // what it brings
  Meeting* meeting = nullptr;  // the last warp operation that it took part in
  BarrierCount count = {};
};

struct Warp {
  std::uint32_t alive = 0, waiting = 0;
  std::map<std::uint32_t, BarrierTags> tags;  // by the mask of __syncwarp
};

// The block that runs.
std::vector<std::unique_ptr<Thread>> threads;  // as many as the largest block so far had
std::vector<Warp> warps;
unsigned size = 0, alive = 0;
BarrierCount barrier = {};
BarrierTags barrier_tags;
std::vector<Meeting*>
    spare_meetings;  // never short: one per thread, and a thread reads one at most
Candidates<Thread*> ready;
Thread* running = nullptr;
Fiber* program = nullptr;
const std::function<void()>* body = nullptr;
char start_tag, end_tag, fence_tag;

// --- diagnostics -----------------------------------------------------------------------

std::string name_of(const uint3& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

std::string name_of(const Thread& thread) {
  return "thread " + name_of(thread.index);
}

std::string name_of(const WarpRequest& request) {
  char mask[32] = "";
  if (request.mask != 0) std::snprintf(mask, sizeof mask, " with mask 0x%08x", request.mask);
  return std::string(request.operation) + mask + " at " + request.place.file + ":" +
         std::to_string(request.place.line);
}

[[noreturn]] void stop(const std::string& what) {
  std::fprintf(stderr, "simt: block %s, schedule %llu: %s\n", name_of(coordinates.block).c_str(),
               static_cast<unsigned long long>(schedule()), what.c_str());
  std::abort();
}

bool same_text(const char* a, const char* b) {
  return a == b || std::strcmp(a, b) == 0;
}

bool same(const WarpRequest& a, const WarpRequest& b) {
  return a.mask == b.mask && a.place.line == b.place.line && same_text(a.operation, b.operation) &&
         same_text(a.place.file, b.place.file);
}

// Names every live thread; runs of threads that wait for the same thing take one line.
[[noreturn]] void stop_for_deadlock() {
  std::string what = "deadlock, no thread can go on";
  for (unsigned i = 0; i < size;) {
    const Thread& first = *threads[i];
    unsigned end = i + 1;
    const auto alike = [&first](const Thread& t) {
      return t.state == first.state && (t.state == State::done || same(t.request, first.request));
    };
    while (end < size && alike(*threads[end])) ++end;
    what += "\n  " + name_of(first);
    if (end - i > 1) what += " to " + name_of(threads[end - 1]->index);
    what += first.state == State::done ? " returned" : " in " + name_of(first.request);
    i = end;
  }
  stop(what);
}

// --- switching -------------------------------------------------------------------------

// Goes on with whichever thread the schedule takes, or with the program when the block has ended.
// Returns when the calling thread is taken.
void give_way(Fiber& self) {
  if (!ready.empty()) {
    running = ready.take();
    coordinates.thread = running->index;
    if (&running->fiber != &self) self.switch_to(running->fiber);
  } else if (alive == 0) {
    running = nullptr;
    self.switch_to(*program);
  } else {
    stop_for_deadlock();
  }
}

void wake(Thread& thread) {
  thread.state = State::ready;
  ready.add(&thread);
}

Thread& self(const char* operation) {
  if (running == nullptr) stop(std::string(operation) + " outside a kernel");
  return *running;
}

// --- barriers and warp operations ------------------------------------------------------

void open_barrier_if_complete() {
  if (alive == 0 || barrier.arrived != static_cast<int>(alive)) return;
  ++barrier_tags.opened;
  const Thread* first = nullptr;
  for (unsigned i = 0; i < size; ++i) {
    Thread& thread = *threads[i];
    if (thread.state == State::done) continue;
    if (first == nullptr) first = &thread;
    if (!same(thread.request, first->request)) {
      stop("threads wait in different barriers\n  " + name_of(*first) + " in " +
           name_of(first->request) + "\n  " + name_of(thread) + " in " + name_of(thread.request));
    }
    thread.count = barrier;
    wake(thread);
  }
  barrier = {};
}

Warp& warp_of(const Thread& thread) {
  return warps[thread.number / kLanes];
}

template <typename Visit>
void for_each_lane(const Thread& of_warp, std::uint32_t lanes, Visit visit) {
  const unsigned first = of_warp.number / kLanes * kLanes;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (lanes >> lane & 1) visit(*threads[first + lane], lane);
  }
}

void leave_meeting(Thread& thread) {
  Meeting* meeting = std::exchange(thread.meeting, nullptr);
  if (meeting && --meeting->readers == 0) spare_meetings.push_back(meeting);
}

// Ends the operation that `asker` waits in if every live lane of its mask waits in the same one.
void complete_if_met(const Thread& asker) {
  Warp& warp = warp_of(asker);
  const std::uint32_t lanes = asker.request.mask & warp.alive;
  bool met = (lanes & ~warp.waiting) == 0;
  if (!met) return;
  for_each_lane(asker, lanes, [&](const Thread& thread, unsigned) {
    met = met && same(thread.request, asker.request);
  });
  if (!met) return;
  if (asker.request.orders_memory) ++warp.tags[asker.request.mask].opened;
  warp.waiting &= ~lanes;
  Meeting* meeting = spare_meetings.back();
  spare_meetings.pop_back();
  meeting->values.lanes = lanes;
  meeting->readers = __builtin_popcount(lanes);
  std::uint64_t* bits = meeting->values.bits;
  for (unsigned lane = 0; lane < kLanes; ++lane) bits[lane] = ~std::uint64_t{0};
  for_each_lane(asker, lanes, [&](Thread& thread, unsigned lane) {
    bits[lane] = thread.bits;
    thread.meeting = meeting;
    wake(thread);
  });
}

// --- threads and blocks ----------------------------------------------------------------

// A thread that returns may be the one that the others were waiting for.
void leave(Thread& thread) {
  thread.state = State::done;
  --alive;
  Warp& warp = warp_of(thread);
  warp.alive &= ~(1u << thread.number % kLanes);
  for_each_lane(thread, warp.waiting, [&warp](const Thread& other, unsigned lane) {
    if (warp.waiting >> lane & 1) complete_if_met(other);
  });
  open_barrier_if_complete();
}

// What every fiber does: one thread of a block, then one of the next block.
void run_threads() {
  for (;;) {
    Thread& thread = *running;
    race_acquire(&start_tag);
    (*body)();
    race_release(&end_tag);
    const Unseen unseen;
    leave(thread);
    give_way(thread.fiber);
  }
}

void run_block() {
  const dim3 shape = coordinates.block_size;
  size = alive = shape.x * shape.y * shape.z;
  while (threads.size() < size) {
    threads.push_back(std::make_unique<Thread>(static_cast<unsigned>(threads.size())));
    spare_meetings.push_back(&threads.back()->spare_meeting);
  }
  begin_shared_memory();
  warps.assign((size + kLanes - 1) / kLanes, Warp());
  for (unsigned i = 0; i < size; ++i) {
    threads[i]->index = {i % shape.x, i / shape.x % shape.y, i / shape.x / shape.y};
    warp_of(*threads[i]).alive |= 1u << i % kLanes;
    wake(*threads[i]);
  }
  race_release(&start_tag);
  give_way(*program);
  race_acquire(&end_tag);
  end_shared_memory();
}

}  // namespace

void run_grid(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  static Fiber program_fiber;
  program = &program_fiber;
  body = &kernel;
  coordinates.grid_size = grid;
  coordinates.block_size = block;
  Candidates<std::uint64_t> blocks;
  const std::uint64_t plane = std::uint64_t{grid.x} * grid.y;
  for (std::uint64_t b = 0; b < plane * grid.z; ++b) blocks.add(b);
  while (!blocks.empty()) {
    const std::uint64_t b = blocks.take();
    coordinates.block = {static_cast<unsigned>(b % grid.x),
                         static_cast<unsigned>(b % plane / grid.x),
                         static_cast<unsigned>(b / plane)};
    run_block();
  }
}

BarrierCount block_barrier(bool predicate, Place place) {
  const Unseen unseen;
  Thread& thread = self("__syncthreads");
  thread.state = State::at_barrier;
  thread.request = {"__syncthreads", 0, place};
  void* tag = barrier_tags.current();
  race_release(tag);
  ++barrier.arrived;
  barrier.votes += predicate;
  open_barrier_if_complete();
  give_way(thread.fiber);
  race_acquire(tag);
  return thread.count;
}

const WarpValues& warp_exchange(const WarpRequest& request, std::uint64_t bits) {
  const Unseen unseen;
  Thread& thread = self(request.operation);
  Warp& warp = warp_of(thread);
  const std::uint32_t lane_bit = 1u << thread.number % kLanes;
  if ((request.mask & lane_bit) == 0) {
    stop(name_of(thread) + " is not in its own mask in " + name_of(request));
  }
  leave_meeting(thread);
  thread.state = State::at_warp_operation;
  thread.request = request;
  thread.bits = bits;
  warp.waiting |= lane_bit;
  void* tag = request.orders_memory ? warp.tags[request.mask].current() : nullptr;
  if (tag) race_release(tag);
  complete_if_met(thread);
  give_way(thread.fiber);
  if (tag) race_acquire(tag);
  return thread.meeting->values;
}

unsigned lane_index() {
  return self("a warp operation").number % kLanes;
}

std::uint32_t live_lanes() {
  return warp_of(self("__activemask")).alive;
}

void memory_fence() {
  race_release(&fence_tag);
  race_acquire(&fence_tag);
}

}  // namespace ffwd::simt

// --- what the sanitizers ask for -------------------------------------------------------

extern "C" {

void __asan_on_error() {
  using namespace ffwd::simt;
  if (running == nullptr) return;
  std::fprintf(stderr, "simt: in block %s, %s, schedule %llu\n", name_of(coordinates.block).c_str(),
               name_of(*running).c_str(), static_cast<unsigned long long>(schedule()));
}

const char* __tsan_default_options() {
  return "halt_on_error=1";
}

const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}
}
