// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "byte_end_posix.hpp"
#include "child.hpp"
#include "children.hpp"
#include "first_child.hpp"
#include "os_posix.hpp"
#include "self.hpp"
#include "starter.hpp"

#include <ramet/error.hpp>
#include <ramet/process.hpp>

#include <fmt/format.h>

#include <csignal>

namespace ramet {

std::shared_ptr<detail::child> detail::launch(process_options options,
                                              job_entry entry,
                                              const outgoing& arguments) {
  self::mine().require_live(
      options.name.empty()
          ? "starting a process"
          : fmt::format("starting process '{}'", options.name));
  auto method = options.start.value_or(default_start_method());
  try {
    open_missing_streams(); // the program may have closed some
    prepare_first_child();
    return starter_of(method).start({options, entry, arguments});
  } catch (const error&) {
    self::mine().hold_if_interrupted();
    throw;
  }
}

detail::child& process::use(const char* operation) const {
  if (!state_)
    throw error(errc::closed,
                fmt::format("{} of a process: this handle was moved from or "
                            "closed",
                            operation));
  if (!state_->ours())
    throw error(errc::protocol,
                fmt::format("{} of process '{}' (pid {}): it was started by "
                            "the process that this one was forked from; only "
                            "that can",
                            operation, state_->name(), state_->pid()));
  return *state_;
}

int process::pid() const {
  return use("pid()").pid();
}

const std::string& process::name() const {
  return use("name()").name();
}

bool process::daemon() const {
  return use("daemon()").daemon();
}

bool process::running() const {
  return !use("running()").ended();
}

void process::join() {
  use("join()").join(detail::deadline::never());
}

bool process::try_join() {
  return use("try_join()").ended();
}

bool process::join_until(detail::deadline until) {
  return use("join_for()").join(until);
}

std::optional<exit_status> process::status() const {
  return use("status()").status();
}

std::optional<remote_exception> process::exception() const {
  return use("exception()").exception();
}

template <class Stream>
Stream& process::use_pipe(Stream detail::standard_pipes::*which,
                          const char* name) {
  auto& one = use(name);
  if (!pipes_ || !detail::standard_pipes::was_made((*pipes_).*which))
    throw error(errc::protocol,
                fmt::format("taking {} of process '{}' (pid {}): it is no pipe "
                            "of this handle's; start the process with "
                            "redirection::pipe() there, use the handle that "
                            "started it, and before it is moved out",
                            name, one.name(), one.pid()));
  return (*pipes_).*which;
}

byte_writer& process::standard_input() {
  return use_pipe(&detail::standard_pipes::input, "standard_input()");
}

byte_reader& process::standard_output() {
  return use_pipe(&detail::standard_pipes::output, "standard_output()");
}

byte_reader& process::standard_error() {
  return use_pipe(&detail::standard_pipes::error, "standard_error()");
}

process::captured process::communicate(std::string_view input) {
  auto& one = use("communicate()");
  captured result;
  if (pipes_)
    detail::exchange_all(*pipes_, input, result.output, result.error);
  one.join(detail::deadline::never());
  return result;
}

void process::terminate() {
  use("terminate()").signal(SIGTERM);
}

void process::kill() {
  use("kill()").signal(SIGKILL);
}

void process::interrupt() {
  use("interrupt()").signal(SIGINT);
}

void process::detach() {
  use("detach()").detach();
}

void process::close() {
  if (!state_)
    return;
  if (!state_->ended())
    throw error(errc::protocol,
                fmt::format("closing the handle of process '{}' (pid {}): it "
                            "still runs; join or terminate it first, or just "
                            "drop the handle",
                            state_->name(), state_->pid()));
  state_.reset();
  pipes_.reset();
}

native_handle_type process::sentinel() const {
  return use("sentinel()").pidfd();
}

detail::waitable process::waitable() const {
  auto& one = use("wait()");
  return {&one, nullptr, [](const void* thing) {
            return static_cast<const detail::child*>(thing)->pidfd();
          }};
}

std::vector<process> active_children() {
  auto& whose = detail::face::here();
  std::vector<process> result;
  for (auto& one : detail::children::mine().all())
    if (one->owner() == &whose && !one->ended())
      result.push_back(process{std::move(one)});
  return result;
}

} // namespace ramet
