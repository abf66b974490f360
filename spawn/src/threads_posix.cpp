// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "threads_posix.hpp"

#include <pthread.h>

namespace ramet::detail {

signals_blocked::signals_blocked() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

signals_blocked::~signals_blocked() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void name_this_thread(const char* name) {
  ::pthread_setname_np(::pthread_self(), name);
}

} // namespace ramet::detail
