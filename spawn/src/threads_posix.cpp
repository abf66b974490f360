// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "threads_posix.hpp"

#include <pthread.h>

namespace ramet::detail {

namespace {

thread_local bool is_the_librarys = false;
sigset_t program_signals; // written before there are other threads of ours

} // namespace

signals_blocked::signals_blocked() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

signals_blocked::~signals_blocked() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void name_this_thread(const char* name) {
  is_the_librarys = true;
  ::pthread_setname_np(::pthread_self(), name);
}

void name_child_thread(const std::string& name) {
  constexpr std::size_t most = 15;
  ::pthread_setname_np(::pthread_self(), name.substr(0, most).c_str());
}

void note_program_signals() {
  ::pthread_sigmask(SIG_SETMASK, nullptr, &program_signals);
}

sigset_t signals_of_children(const sigset_t& own) {
  return is_the_librarys ? program_signals : own;
}

} // namespace ramet::detail
