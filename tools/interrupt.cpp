#include "tools/interrupt.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <initializer_list>
#include <thread>

namespace ffwd {
namespace {

std::atomic<bool> caught{false};

// The first signal asks for an end, the second is one; but a terminal that closes may send more than
// one hang-up.
void wait_for_signals(sigset_t signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  caught = true;
  do {
    sigwait(&signals, &signal);
  } while (signal == SIGHUP);
  std::signal(signal, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::raise(signal);
}

}  // namespace

// A thread of its own takes the signals, because they must not reach one that computes: the machine
// code of oneDNN 2.6's AVX-512 matmul does not keep its stack free for them, and a signal in its
// midst damaged the heap.
void catch_interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before;
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaddset(&signals, signal);  // as nohup and a script's & do
  }
  std::signal(SIGPIPE, SIG_IGN);  // who reads the output may leave before the training is over
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // threads that are made from now on inherit it
  std::thread(wait_for_signals, signals).detach();
}

bool interrupted() {
  return caught;
}

}  // namespace ffwd
