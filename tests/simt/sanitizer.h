// What the harness tells AddressSanitizer and ThreadSanitizer about fibers. Their functions are
// weak: an object file of the harness links with and without a sanitizer.
#pragma once

#include <sanitizer/common_interface_defs.h>
#include <sanitizer/tsan_interface.h>

extern "C" {
void __tsan_ignore_thread_begin();
void __tsan_ignore_thread_end();
}

#pragma weak __sanitizer_start_switch_fiber
#pragma weak __sanitizer_finish_switch_fiber
#pragma weak __tsan_get_current_fiber
#pragma weak __tsan_create_fiber
#pragma weak __tsan_set_fiber_name
#pragma weak __tsan_switch_to_fiber
#pragma weak __tsan_acquire
#pragma weak __tsan_release
#pragma weak __tsan_ignore_thread_begin
#pragma weak __tsan_ignore_thread_end

namespace ffwd::simt {

// For ThreadSanitizer: all that happened before a release of `tag` happened before what follows a
// later acquire of it. Nothing else orders fibers.
inline void race_release(void* tag) {
  if (__tsan_release) __tsan_release(tag);
}
inline void race_acquire(void* tag) {
  if (__tsan_acquire) __tsan_acquire(tag);
}

// While one of these lives, ThreadSanitizer does not see which memory the fiber that made it uses;
// tags count nevertheless. All fibers share the harness's variables, and some library functions are
// seen even in code that is not compiled for ThreadSanitizer.
struct Unseen {
  Unseen() {
    if (__tsan_ignore_thread_begin) __tsan_ignore_thread_begin();
  }
  Unseen(const Unseen&) = delete;
  ~Unseen() {
    if (__tsan_ignore_thread_end) __tsan_ignore_thread_end();
  }
};

// The tags of a barrier, used in turn. With a single one, a fast thread's arrival at the next
// barrier would order a slow thread's way out of this one, and hide races.
struct BarrierTags {
  unsigned opened = 0;
  char tag[2] = {};

  void* current() { return &tag[opened % 2]; }
};

}  // namespace ffwd::simt
