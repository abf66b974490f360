// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "descriptor_transit.hpp"

#include "descriptor_keeper.hpp"
#include "descriptor_socket_posix.hpp"
#include "segment.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// Ours is not that of a process made by a bare fork().
bool is_here(process_slot keeper) {
  auto& members = family::mine();
  return keeper == members.slot() && !members.is_guest();
}

[[noreturn]] void throw_keeper_gone(process_slot keeper) {
  throw error(
      errc::closed,
      fmt::format("passing a descriptor: process {} of the family, which keeps "
                  "those on their way, has ended; what it kept is closed",
                  keeper));
}

// This process's connections to keepers. One request at a time: whoever waits
// for an answer does so with the guard.
class keeper_lines {
public:
  static keeper_lines& mine() {
    static auto* instance = new keeper_lines; // used to the very end
    return *instance;
  }

  // The answer to `request`, and the descriptors that came with it.
  received_message ask(process_slot keeper, const keeper_request& request,
                       std::span<const int> fds, keeper_answer& answer) {
    std::scoped_lock lock{guard_};
    received_message result;
    // It may have ended our line, if it had no room to keep it; then it
    // answers on another one.
    int failed = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
      int line = line_to(keeper);
      failed = send_with_descriptors(line, &request, request.bytes(), fds, 0);
      if (failed == 0) {
        result = receive_with_descriptors(line, &answer, sizeof answer, 0);
        failed = result.error;
        if (failed == 0 && result.size != sizeof answer)
          failed = ECONNRESET;
      }
      if (!is_broken(failed))
        break;
      lines_.erase(keeper);
    }
    if (is_broken(failed))
      throw_keeper_gone(keeper);
    if (failed == ETOOMANYREFS)
      answer.result = failed;
    else if (failed != 0)
      throw_os_error(failed, "passing a descriptor to the process that keeps "
                             "those on their way");
    return result;
  }

  // Calls `between` when there is a line to the keeper, or cannot be one; then
  // tells the keeper.
  template <class Between>
  void tell(process_slot keeper, const keeper_request& request,
            Between&& between) noexcept {
    std::scoped_lock lock{guard_};
    int line = -1;
    try {
      line = line_to(keeper);
    } catch (const std::exception&) {
      // It is gone, or there is no room here: it will see for itself.
    }
    between();
    auto send_by = [&](int way) {
      return send_with_descriptors(way, &request, request.bytes(), {},
                                   MSG_DONTWAIT);
    };
    if (line < 0 || !is_broken(send_by(line)))
      return;
    lines_.erase(keeper); // it had no room to keep our line
    try {
      send_by(line_to(keeper));
    } catch (const std::exception&) {
    }
  }

  void forget(process_slot keeper) noexcept {
    std::scoped_lock lock{guard_};
    lines_.erase(keeper);
  }

private:
  keeper_lines() {
    static keeper_lines* self = nullptr;
    self = this;
    ::pthread_atfork([] { self->guard_.lock(); }, [] { self->guard_.unlock(); },
                     [] {
                       self->lines_.clear(); // the parent's
                       self->guard_.unlock();
                     });
  }

  static bool is_broken(int failed) {
    return failed == ECONNRESET || failed == EPIPE || failed == ENOTCONN;
  }

  int line_to(process_slot keeper) {
    auto serial = family::mine().entry(keeper).serial.load();
    auto found = lines_.find(keeper);
    if (found != lines_.end() && found->second.serial == serial)
      return found->second.socket.get();
    lines_.erase(keeper);
    // Others may have ended, too. There are few keepers.
    std::erase_if(lines_, [](auto& one) {
      return family::mine().entry(one.first).serial.load() != one.second.serial;
    });
    auto attempted = [] {
      return "reaching the process that keeps descriptors";
    };
    socket_address address{descriptor_keeper::path_of(keeper)};
    unique_fd made{checked(
        [] { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); },
        attempted)};
    if (retried([&] {
          return ::connect(made.get(), address.get(), address.size());
        })
        != 0) {
      if (errno == ENOENT || errno == ECONNREFUSED)
        throw_keeper_gone(keeper);
      throw_os_error(errno, attempted());
    }
    return lines_.insert_or_assign(keeper, line{serial, std::move(made)})
        .first->second.socket.get();
  }

  struct line {
    std::uint32_t serial = 0; // of the keeper
    unique_fd socket;
  };

  std::mutex guard_; // of all below
  std::unordered_map<process_slot, line> lines_;
};

keeper_request request_of(keeper_verb verb,
                          std::span<const std::uint64_t> ids) {
  keeper_request result;
  result.verb = verb;
  result.count = static_cast<std::uint32_t>(ids.size());
  std::ranges::copy(ids, result.ids);
  return result;
}

} // namespace

member_id keeper_of_mine() {
  auto& members = family::mine();
  auto slot = members.slot();
  for (;;) {
    auto& entry = members.entry(slot);
    member_id here{slot, entry.serial.load()};
    auto parent_serial = entry.parent_serial.load();
    auto parent = entry.parent.load();
    if (parent_serial == 0 || entry.detached.load() != 0
        || parent >= max_processes
        || members.entry(parent).serial.load() != parent_serial)
      return here;
    slot = parent;
  }
}

void give_to_keeper(member_id keeper, std::uint64_t id, int fd) {
  if (is_here(keeper.slot)) {
    auto& mine = descriptor_keeper::mine();
    mine.keep(id, fd);
    auto& members = family::mine();
    if (members.entry(members.slot()).parent_serial.load() != 0) {
      // Detached: nobody else has seen to that.
      mine.listen();
      mine.serve();
    }
    return;
  }
  keeper_answer answer;
  keeper_lines::mine().ask(keeper.slot, request_of(keeper_verb::keep, {&id, 1}),
                           {&fd, 1}, answer);
  if (answer.result != 0)
    throw_os_error(answer.result == ETOOMANYREFS ? EMFILE : answer.result,
                   fmt::format("sending descriptor {}, which process {} (pid "
                               "{}) of the family was to keep until it is "
                               "received",
                               fd, keeper.slot,
                               family::mine().entry(keeper.slot).pid.load()));
}

std::vector<unique_fd> get_from_keeper(process_slot keeper,
                                       std::span<const std::uint64_t> ids) {
  if (is_here(keeper))
    return descriptor_keeper::mine().fetch(ids);
  std::vector<unique_fd> result;
  result.reserve(ids.size());
  while (result.size() < ids.size()) {
    auto some = ids.subspan(
        result.size(), std::min(ids.size() - result.size(), most_descriptors));
    keeper_answer answer;
    auto received = keeper_lines::mine().ask(
        keeper, request_of(keeper_verb::fetch, some), {}, answer);
    if (answer.result == ENOENT)
      throw error(errc::closed,
                  fmt::format("receiving {} descriptors: process {} of the "
                              "family does not keep all of them any more",
                              ids.size(), keeper));
    if (answer.result != 0 || received.fds_lost
        || received.fds.size() != some.size())
      throw_os_error(
          EMFILE, fmt::format("receiving {} descriptors, of which {} could "
                              "be opened",
                              ids.size(), result.size() + received.fds.size()));
    std::ranges::move(received.fds, std::back_inserter(result));
  }
  return result;
}

void drop_at_keeper(member_id keeper, std::uint64_t id) noexcept {
  auto remove = [&] {
    try {
      segment::remove(family::mine().path_of(id));
    } catch (...) { // out of memory: goes with the family
    }
  };
  auto& members = family::mine();
  if (keeper.slot >= max_processes
      || members.entry(keeper.slot).serial.load() != keeper.serial) {
    remove();
  } else if (is_here(keeper.slot)) {
    remove();
    descriptor_keeper::mine().drop(id);
  } else {
    // In this order: if we are killed in between, the keeper sees the end of
    // our line, and then that the file is gone. And what a killed sender has
    // given may come to the keeper after this; it sees the same then.
    keeper_lines::mine().tell(keeper.slot,
                              request_of(keeper_verb::drop, {&id, 1}), remove);
  }
}

void forget_keeper(process_slot ended) noexcept {
  keeper_lines::mine().forget(ended);
}

} // namespace ramet::detail
