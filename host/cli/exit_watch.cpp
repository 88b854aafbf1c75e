// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_watch.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/commands.h"
#include "tensor/border.h"

namespace kith::host {
namespace {

bool watched = false;

void at_exit() {
  if (!watched) return;
  const auto& plugin = current_plugin();
  std::fflush(stdout);
  if (plugin.empty())
    std::fprintf(
        stderr,
        "kith: something ended the process with exit(), most likely a plugin, which must throw "
        "instead\n");
  else
    std::fprintf(stderr,
                 "kith: a plugin ended the process with exit(); the last one that was called: %s\n",
                 plugin.c_str());
  std::fflush(stderr);
  ::_exit(kExitError);
}

}  // namespace

ExitWatch::ExitWatch() {
  watched = true;
  std::atexit(at_exit);
  std::at_quick_exit(at_exit);
}

ExitWatch::~ExitWatch() { watched = false; }

}  // namespace kith::host
