// A fiber: a flow of control with its own stack, that gives way only where it says so.
#pragma once

#include <cstddef>
#include <string>

namespace ffwd::simt {

class Fiber {
 public:
  // Stands for the program itself.
  Fiber();
  // Runs `body`, which must not return, when it is first switched to. Fibers live as long as the
  // program.
  Fiber(void (*body)(), const std::string& name);
  Fiber(const Fiber&) = delete;

  // Called on the running fiber; returns when something switches back to it.
  void switch_to(Fiber& next);

 private:
  static void entry() noexcept;
  static void arrive(void* fake_stack);

  void* context_ = nullptr;  // the saved stack pointer, or a ucontext_t
  void (*body_)() = nullptr;
  const void* stack_ = nullptr;
  std::size_t stack_bytes_ = 0;
  void* race_fiber_ = nullptr;  // ThreadSanitizer's handle
};

}  // namespace ffwd::simt
