// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include "pool_core.hpp"

#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace ramet {

pool::pool(const pool_options& options)
    : link_(detail::pool_link::make(options)) {}

pool::pool(pool&& other) noexcept
    : link_(std::exchange(other.link_, detail::pool_link{})) {}

pool& pool::operator=(pool&& other) noexcept {
  if (this != &other) {
    terminate();
    link_ = std::exchange(other.link_, detail::pool_link{});
  }
  return *this;
}

pool::~pool() {
  terminate();
}

const detail::pool_link& pool::use() const {
  if (!link_)
    throw error(errc::closed, "using a pool: this one was moved from");
  return link_;
}

void pool::resize(std::size_t workers) {
  use().core().resize(workers);
}

void pool::close() {
  use().core().close();
}

void pool::join() {
  join_until(detail::deadline::never());
}

bool pool::try_join() {
  return join_until(detail::deadline::now());
}

bool pool::join_until(detail::deadline until) {
  return use().core().join(until);
}

void pool::terminate() noexcept {
  if (link_)
    link_.core().terminate();
}

pool_stats pool::stats() const {
  return use().core().stats();
}

timeline pool::timeline() const {
  return use().core().spans();
}

std::exception_ptr detail::failure_of_item(std::size_t index,
                                           remote_exception thrown) {
  auto text =
      fmt::format("pool: input {} (from 0) on '{}' (pid {}) threw {}{}{}",
                  index, thrown.name, thrown.pid, thrown.type,
                  thrown.message.empty() ? "" : ": ", thrown.message);
  return std::make_exception_ptr(
      task_failure{std::move(text), std::move(thrown)});
}

void detail::throw_miscounted() {
  throw error(errc::protocol, "receiving results of a pool's task: there are "
                              "not as many as there were inputs");
}

void detail::throw_cancelled() {
  throw error(errc::closed, "trying a task again: it was cancelled");
}

void detail::throw_sent_once() {
  throw error(errc::not_serializable,
              "submitting a task with retries: one of its arguments has one "
              "owner, so it could not be sent again; submit it without "
              "retries");
}

} // namespace ramet
