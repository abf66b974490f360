// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "wake_event.hpp"

#include <cstdint>

#include <sys/eventfd.h>

namespace ramet::detail {

wake_event::wake_event()
    : event_(checked([] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
                     [] { return "making an event to wake a thread by"; })) {}

void wake_event::wake() noexcept {
  woken_.store(true, std::memory_order_seq_cst);
  if (sleeps_.exchange(false, std::memory_order_seq_cst))
    ::eventfd_write(event_.get(), 1); // never full: one write a sleep
}

void wake_event::clear() noexcept {
  sleeps_.store(false, std::memory_order_seq_cst);
  woken_.store(false, std::memory_order_seq_cst);
}

waitable wake_event::what() const {
  return {this,
          [](const void* thing) {
            return static_cast<const wake_event*>(thing)->woken_.load(
                std::memory_order_seq_cst);
          },
          [](const void* thing) {
            return static_cast<const wake_event*>(thing)->arm();
          }};
}

native_handle_type wake_event::arm() const {
  eventfd_t old = 0;
  ::eventfd_read(event_.get(), &old);
  sleeps_.store(true, std::memory_order_seq_cst);
  if (woken_.load(std::memory_order_seq_cst))
    ::eventfd_write(event_.get(), 1);
  return event_.get();
}

} // namespace ramet::detail
