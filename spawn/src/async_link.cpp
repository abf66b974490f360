// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/async_link.hpp>

#include "callback_thread.hpp"
#include "child.hpp"
#include "self.hpp"

#include <ramet/task_failure.hpp>

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <utility>

namespace ramet::detail {

namespace {

std::string who(const child& process) {
  return fmt::format("async: process '{}' (pid {})", process.name(),
                     process.pid());
}

std::string what(const remote_exception& thrown) {
  return thrown.type + (thrown.message.empty() ? "" : ": ") + thrown.message;
}

} // namespace

async_link::news async_link::take(receiver receive, deadline until) {
  auto status = results_.take(
      [&](const incoming& message) {
        done_.store(true);
        return receive(message);
      },
      until);
  switch (status) {
  case take_status::done:
    return news::message;
  case take_status::timed_out:
    return news::nothing_yet;
  case take_status::closed:
    break;
  }
  if (done_.load())
    return news::elsewhere;
  // It closes its end in its last moments, or we did for it.
  return process_->join(until) ? news::ended : news::nothing_yet;
}

void async_link::close() noexcept {
  done_.store(true);
  results_.close();
}

void async_link::kill() const {
  if (!process_->is_thread()) // else it goes on, and nobody hears of it
    process_->signal(SIGKILL);
}

void async_link::when_ended(std::function<void()> call) const {
  process_->when_ended(std::move(call));
}

void async_link::call_back_when_ended(std::function<void()> call) const {
  process_->when_ended([call = std::move(call)]() mutable {
    callback_thread::mine().post(std::move(call));
  });
}

std::exception_ptr async_link::failure_by(remote_exception thrown) const {
  auto message = fmt::format("{} threw {}", who(*process_), what(thrown));
  return std::make_exception_ptr(
      task_failure{std::move(message), std::move(thrown)});
}

std::exception_ptr async_link::failure_by_end() const {
  if (auto thrown = process_->exception()) {
    auto message = fmt::format("{} failed outside of the function: {}",
                               who(*process_), what(*thrown));
    return std::make_exception_ptr(
        task_failure{std::move(message), std::move(*thrown)});
  }
  auto status = *process_->status();
  return std::make_exception_ptr(
      task_failure{fmt::format("{} {} before its function returned",
                               who(*process_), to_string(status)),
                   status});
}

bool async_link::end_is_no_news() const {
  return process_->daemon() && !self::mine().live();
}

} // namespace ramet::detail
