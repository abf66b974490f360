// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/barrier.hpp>

#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

namespace ramet::detail {

void barrier_layout::break_for(why reason) {
  if (broken.load() == whole)
    broken.store(reason, std::memory_order_seq_cst);
}

void barrier_layout::end_phase(bool complete) {
  auto number = phase.load();
  auto bit = std::uint64_t{1} << number % 64;
  interrupted = complete ? interrupted & ~bit : interrupted | bit;
  arrived.store(0);
  expected.store(expected_next);
  broken.store(whole);
  in_this_order();
  phase.store(number + 1, std::memory_order_seq_cst);
}

void barrier_layout::bury(departure how) {
  if (how == departure::died) {
    guarded lock{*this};
    break_for(party_died);
  }
  lot.notify_all();
  guard.bury();
}

namespace {

using layout = barrier_layout;

object_ptr make(std::ptrdiff_t expected) {
  if (expected < 0 || expected > barrier<>::max())
    throw error(errc::protocol,
                fmt::format("making a barrier for {} parties: it can be 0 to "
                            "{}",
                            expected, barrier<>::max()));
  return make_object(
      object_kind::barrier, in_pages(sizeof(layout)), in_pages(sizeof(layout)),
      [&](object& made) {
        auto& shared = made.as<layout>();
        shared.guard.init();
        shared.expected.store(static_cast<std::uint32_t>(expected));
        shared.expected_next = static_cast<std::uint32_t>(expected);
      });
}

const char* in_words(std::uint32_t reason) {
  switch (reason) {
  case layout::aborted:
    return "it was aborted";
  case layout::timed_out:
    return "one that waited there gave up, as its time was over";
  case layout::action_threw:
    return "its completion function threw an exception";
  case layout::party_died:
    return "a process that had a handle of it, or was about to get one, was "
           "killed or ended by an exception";
  default:
    return "it was reset meanwhile";
  }
}

[[noreturn]] void throw_broken(std::uint32_t reason) {
  throw error(errc::broken,
              fmt::format("waiting at a barrier: it is broken: {}; when all "
                          "that are to take part can begin anew, reset() it",
                          in_words(reason)));
}

} // namespace

barrier_core::barrier_core(std::ptrdiff_t expected)
    : synchronizer(make(expected)) {}

barrier_core::arrival barrier_core::arrive(std::ptrdiff_t count, bool drop,
                                           const action& completion) {
  auto& shared = object_->as<layout>();
  arrival result{};
  {
    guarded lock{shared};
    if (auto reason = shared.broken.load(); reason != layout::whole)
      throw_broken(reason);
    auto before = shared.arrived.load();
    auto expected = shared.expected.load();
    if (count < 1 || count > std::ptrdiff_t{expected} - before)
      throw error(errc::protocol,
                  fmt::format("arriving {} times at a barrier: {} of {} have "
                              "arrived in this phase; let only those arrive "
                              "that it was made for",
                              count, before, expected));
    result = {shared.phase.load(), before};
    shared.arrived.store(before + static_cast<std::uint32_t>(count));
    if (drop)
      --shared.expected_next;
    if (shared.arrived.load() < expected)
      return result;
    if (!completion.call)
      shared.end_phase(true);
  }
  if (completion.call) {
    try {
      completion.call(completion.function);
    } catch (...) {
      guarded lock{shared};
      if (shared.phase.load() == result.phase)
        shared.break_for(layout::action_threw);
      shared.lot.notify_all();
      throw;
    }
    guarded lock{shared};
    if (shared.phase.load() == result.phase
        && shared.broken.load() == layout::whole)
      shared.end_phase(true);
  }
  shared.lot.notify_all();
  return result;
}

bool barrier_core::wait(const arrival& since, deadline until) const {
  auto& shared = object_->as<layout>();
  auto over = [&] {
    return shared.phase.load(std::memory_order_seq_cst) != since.phase
           || shared.broken.load(std::memory_order_seq_cst) != layout::whole;
  };
  for (;;) {
    bool in_time = over() || object_->attached<waiting_place>().spins.spin(over)
                   || shared.lot.park(over, until);
    guarded lock{shared};
    auto phases = shared.phase.load() - since.phase;
    if (phases > 0) {
      bool complete =
          phases > 64 || !(shared.interrupted >> since.phase % 64 & 1);
      if (!complete)
        throw_broken(layout::whole);
      return true;
    }
    if (auto reason = shared.broken.load(); reason != layout::whole)
      throw_broken(reason);
    if (!in_time) {
      shared.break_for(layout::timed_out);
      shared.lot.notify_all();
      return false;
    }
  }
}

void barrier_core::abort() {
  auto& shared = object_->as<layout>();
  guarded lock{shared};
  shared.break_for(layout::aborted);
  shared.lot.notify_all();
}

void barrier_core::reset() {
  auto& shared = object_->as<layout>();
  guarded lock{shared};
  if (shared.arrived.load() > 0 || shared.broken.load() != layout::whole)
    shared.end_phase(false);
  shared.lot.notify_all();
}

bool barrier_core::broken() const {
  return object_->as<layout>().broken.load(std::memory_order_acquire)
         != layout::whole;
}

std::size_t barrier_core::parties() const {
  return object_->as<layout>().expected.load(std::memory_order_relaxed);
}

std::size_t barrier_core::waiting() const {
  return object_->as<layout>().arrived.load(std::memory_order_relaxed);
}

} // namespace ramet::detail
