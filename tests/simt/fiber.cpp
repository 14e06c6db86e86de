#include "simt/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "simt/sanitizer.h"

// FFWD_SIMT_UCONTEXT asks for the portable switch on x86-64 too. It is many times slower, as
// swapcontext() makes a system call, and under it AddressSanitizer misses errors in local arrays.
#if !defined(__x86_64__) || defined(FFWD_SIMT_UCONTEXT)
#include <ucontext.h>

#include <deque>
#else
// Saves the registers that a call preserves, exchanges the stacks, and returns on the other one.
extern "C" void ffwd_simt_exchange_stacks(void** saved, void* next);
asm(R"(
.text
.globl ffwd_simt_exchange_stacks
.hidden ffwd_simt_exchange_stacks
.type ffwd_simt_exchange_stacks, @function
ffwd_simt_exchange_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ffwd_simt_exchange_stacks, . - ffwd_simt_exchange_stacks
)");
#endif

namespace ffwd::simt {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kGuardBytes = 4096;

Fiber* leaving = nullptr;   // the fiber that the last switch left
Fiber* arriving = nullptr;  // and the one that it went to

// A stack with a page below it that faults when the stack overflows.
char* new_stack() {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, kGuardBytes, PROT_NONE) != 0) {
    std::perror("simt: no memory for the stack of a thread");
    std::abort();
  }
  return static_cast<char*>(memory) + kGuardBytes;
}

#if !defined(__x86_64__) || defined(FFWD_SIMT_UCONTEXT)
std::deque<ucontext_t> contexts;

void* new_context(char* stack, void (*entry)()) {
  ucontext_t* context = &contexts.emplace_back();
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = kStackBytes;
  makecontext(context, entry, 0);
  return context;
}

void exchange(void** saved, void* next) {
  if (*saved == nullptr) *saved = &contexts.emplace_back();
  swapcontext(static_cast<ucontext_t*>(*saved), static_cast<ucontext_t*>(next));
}
#else
// Looks as if the fiber had been left just before the first instruction of `entry`: six registers
// and the address to return to. That address lies on a multiple of 16, which is where a call would
// have put its own.
void* new_context(char* stack, void (*entry)()) {
  auto* top = reinterpret_cast<std::uintptr_t*>(stack + kStackBytes);
  top[-2] = reinterpret_cast<std::uintptr_t>(entry);
  return top - 8;
}

void exchange(void** saved, void* next) {
  ffwd_simt_exchange_stacks(saved, next);
}
#endif

}  // namespace

Fiber::Fiber() {
  if (__tsan_get_current_fiber) race_fiber_ = __tsan_get_current_fiber();
}

Fiber::Fiber(void (*body)(), const std::string& name) : body_(body), stack_bytes_(kStackBytes) {
  char* stack = new_stack();
  stack_ = stack;
  context_ = new_context(stack, &Fiber::entry);
  if (__tsan_create_fiber) {
    race_fiber_ = __tsan_create_fiber(0);
    __tsan_set_fiber_name(race_fiber_, name.c_str());
  }
}

void Fiber::switch_to(Fiber& next) {
  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber) {
    __sanitizer_start_switch_fiber(&fake_stack, next.stack_, next.stack_bytes_);
  }
  if (__tsan_switch_to_fiber) {
    __tsan_switch_to_fiber(next.race_fiber_, __tsan_switch_to_fiber_no_sync);
  }
  leaving = this;
  arriving = &next;
  exchange(&context_, next.context_);
  arrive(fake_stack);
}

// Also learns where the stack of the fiber that was left lies: for the program's own nobody else
// knows.
void Fiber::arrive(void* fake_stack) {
  if (__sanitizer_finish_switch_fiber) {
    __sanitizer_finish_switch_fiber(fake_stack, &leaving->stack_, &leaving->stack_bytes_);
  }
}

void Fiber::entry() noexcept {
  arrive(nullptr);
  arriving->body_();
}

}  // namespace ffwd::simt
