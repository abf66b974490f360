// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "member_watch.hpp"

#include "pidfd_linux.hpp"
#include "watcher.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace ramet::detail {

namespace {

struct watched {
  unique_fd pidfd;
  std::function<void()> ended;
};

struct watched_members {
  std::mutex guard; // of the list
  std::map<std::uint64_t, watched> list;

  static watched_members& mine() {
    static auto* instance = new watched_members; // the watcher outlives statics
    return *instance;
  }

  watched remove(std::uint64_t token) {
    std::scoped_lock lock{guard};
    auto found = list.find(token);
    if (found == list.end())
      return {};
    auto result = std::move(found->second);
    list.erase(found);
    return result;
  }
};

// Empty when it has ended. The entry is looked at again after opening: its
// pid may have gone to somebody else before.
unique_fd open_member(member_id which) {
  auto& entry = family::mine().entry(which.slot);
  auto pid = entry.pid.load();
  if (pid == 0 || entry.serial.load() != which.serial)
    return {};
  auto result = open_pidfd(pid);
  if (entry.serial.load() != which.serial
      || !started_at(pid, entry.start_time.load()))
    return {};
  return result;
}

} // namespace

void watch_member(member_id which, std::function<void()> ended) {
  auto pidfd = open_member(which);
  if (!pidfd) {
    ended();
    return;
  }
  auto& members = watched_members::mine();
  auto token = watcher::next_token();
  int fd = pidfd.get();
  {
    std::scoped_lock lock{members.guard};
    members.list.emplace(token, watched{std::move(pidfd), std::move(ended)});
  }
  try {
    watcher::mine().watch(fd, token);
  } catch (...) {
    members.remove(token);
    throw;
  }
}

void watch_descriptor(int fd, std::function<void()> readable) {
  auto& members = watched_members::mine();
  auto token = watcher::next_token();
  auto once = [fd, readable = std::move(readable)] {
    watcher::mine().forget(fd);
    readable();
  };
  {
    std::scoped_lock lock{members.guard};
    members.list.emplace(token, watched{unique_fd{}, std::move(once)});
  }
  try {
    watcher::mine().watch(fd, token);
  } catch (...) {
    members.remove(token);
    throw;
  }
}

bool on_member_end(std::uint64_t token) {
  auto one = watched_members::mine().remove(token);
  // Closing it would do, but that a plain fork may have a copy.
  if (one.pidfd)
    watcher::mine().forget(one.pidfd.get());
  if (!one.ended)
    return false;
  one.ended();
  return true;
}

} // namespace ramet::detail
