// SPDX-License-Identifier: Apache-2.0
#include "train/stop_signal.h"

#include <unistd.h>

#include <csignal>

namespace kith::host {
namespace {

volatile std::sig_atomic_t received_signal = 0;

void on_signal(int signal) {
  // The terminal and its shell each send a SIGHUP: the second of those is no wish.
  if (received_signal != 0 && signal != SIGHUP) _exit(128 + signal);
  received_signal = signal;
}

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // `nohup` has SIGHUP ignored: then a closed terminal ends nothing.
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal() {
  received_signal = 0;
  install(on_signal);
}

StopSignal::~StopSignal() { install(SIG_DFL); }

int StopSignal::received() const { return received_signal; }

}  // namespace kith::host
