// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "byte_end_posix.hpp"

#include "poll_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <ctime>
#include <set>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

struct all_ends {
  std::mutex guard; // of the list
  std::set<byte_end*> list;

  static all_ends& here() {
    static auto* instance = new all_ends; // used by static destructors, too
    return *instance;
  }
};

} // namespace

void byte_end::close_all_after_fork() noexcept {
  for (auto* one : all_ends::here().list) // nobody else is here
    one->close_if_idle();
}

byte_end::~byte_end() {
  auto& all = all_ends::here();
  std::scoped_lock lock{all.guard};
  all.list.erase(this);
}

byte_end::byte_end(unique_fd fd, std::string what)
    : fd_(std::move(fd)), what_(std::move(what)) {
  // This end alone: the mode is not shared with the other one.
  checked([&] { return ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK); },
          [&] { return fmt::format("making a pipe for the {}", what_); });
  auto& all = all_ends::here();
  std::scoped_lock lock{all.guard};
  all.list.insert(this);
}

void byte_end::require_open(const char* verb) const {
  if (!fd_)
    throw error(errc::closed,
                fmt::format("{} the {}: it was closed here", verb, what_));
}

std::optional<std::size_t> byte_end::read(std::span<char> room,
                                          deadline until) {
  std::scoped_lock lock{guard_};
  require_open("reading");
  for (;;) {
    auto count =
        retried([&] { return ::read(fd_.get(), room.data(), room.size()); });
    if (count >= 0)
      return static_cast<std::size_t>(count);
    if (errno != EAGAIN)
      throw_os_error(errno, fmt::format("reading the {}", what_));
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (!wait_for_events({&waiting, 1}, until, "waiting for bytes"))
      return std::nullopt;
  }
}

std::size_t byte_end::write(std::string_view bytes, deadline until) {
  std::scoped_lock lock{guard_};
  require_open("writing to the");
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto count = write_without_signal(fd_.get(), bytes.data() + done,
                                      bytes.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EPIPE)
      throw error(errc::closed,
                  fmt::format("writing {} bytes to the {}: after {} nobody "
                              "reads it any more; it has ended or has closed "
                              "it",
                              bytes.size(), what_, done));
    if (errno != EAGAIN)
      throw_os_error(errno, fmt::format("writing to the {}", what_));
    pollfd waiting{fd_.get(), POLLOUT, 0};
    if (!wait_for_events({&waiting, 1}, until, "waiting for room in a pipe"))
      break;
  }
  return done;
}

bool byte_end::is_open() const {
  std::scoped_lock lock{guard_};
  return static_cast<bool>(fd_);
}

void byte_end::close() noexcept {
  std::scoped_lock lock{guard_};
  fd_.reset();
}

void byte_end::close_if_idle() noexcept {
  std::unique_lock lock{guard_, std::try_to_lock};
  if (lock)
    fd_.reset();
}

int byte_end::release() {
  std::scoped_lock lock{guard_};
  require_open("handing over the descriptor of the");
  return fd_.release();
}

ssize_t write_without_signal(int fd, const void* bytes, std::size_t size) {
  // The signal goes to the thread that writes. So it is kept off for the moment
  // of the call, and taken away, unless one was waiting there before.
  sigset_t broken;
  ::sigemptyset(&broken);
  ::sigaddset(&broken, SIGPIPE);
  sigset_t waiting;
  ::sigpending(&waiting);
  bool was_waiting = ::sigismember(&waiting, SIGPIPE) == 1;
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  auto result = retried([&] { return ::write(fd, bytes, size); });
  auto problem = errno;
  if (result < 0 && problem == EPIPE && !was_waiting) {
    timespec none{};
    retried([&] { return ::sigtimedwait(&broken, nullptr, &none); });
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = problem;
  return result;
}

void exchange_all(standard_pipes& pipes, std::string_view input,
                  std::string& output, std::string& error) {
  struct source {
    byte_end* end;
    std::string* text;
  };
  std::vector<source> sources;
  for (auto [reader, text] :
       {std::pair{&pipes.output, &output}, std::pair{&pipes.error, &error}})
    if (reader->is_open())
      sources.push_back({standard_pipes::end_of(*reader), text});
  auto* sink =
      pipes.input.is_open() ? standard_pipes::end_of(pipes.input) : nullptr;
  std::vector<char> room(64 * 1024);
  while (sink || !sources.empty()) {
    if (sink && input.empty()) {
      sink->close();
      sink = nullptr;
      continue;
    }
    std::vector<pollfd> waiting;
    for (auto& one : sources)
      waiting.push_back({one.end->fd(), POLLIN, 0});
    if (sink)
      waiting.push_back({sink->fd(), POLLOUT, 0});
    wait_for_events(waiting, deadline::never(),
                    "talking to a process's standard streams");
    if (sink && waiting.back().revents != 0) {
      try {
        input.remove_prefix(sink->write(input, deadline::now()));
      } catch (const ramet::error& problem) {
        if (problem.code() != errc::closed)
          throw;
        input = {}; // it does not want the rest
      }
    }
    for (std::size_t i = sources.size(); i-- > 0;) {
      if (waiting[i].revents == 0)
        continue;
      auto count = sources[i].end->read(room, deadline::now());
      if (count && *count > 0)
        sources[i].text->append(room.data(), *count);
      else if (count)
        sources.erase(sources.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

} // namespace ramet::detail
