// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ending.hpp"

#include "child.hpp"
#include "children.hpp"
#include "family.hpp"
#include "self.hpp"
#include "watcher.hpp"
#include "zygote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::chrono::seconds daemon_grace{1};

using child_list = std::vector<std::shared_ptr<child>>;

void join_all(const child_list& list, deadline until) {
  for (auto& one : list)
    one->join(until);
}

void end_daemons(const child_list& daemons) {
  if (daemons.empty())
    return;
  for (auto& one : daemons)
    one->signal(SIGTERM);
  join_all(daemons, deadline::in(daemon_grace));
  for (auto& one : daemons)
    if (!one->ended())
      one->signal(SIGKILL);
  join_all(daemons, deadline::in(daemon_grace));
}

using line_of_faces = std::vector<const face*>;

// Those in `ending` are not waited for: it is one of them that waits.
void end_children_of(const face& whose, const line_of_faces& ending) {
  child_list daemons;
  child_list others;
  child_list detached;
  for (auto& one : children::mine().all()) {
    if (one->owner() != &whose || std::ranges::count(ending, one->own_face()))
      continue;
    if (one->detached())
      detached.push_back(one);
    else if (!one->daemon())
      others.push_back(one);
    else if (!one->is_thread())
      daemons.push_back(one);
  }
  end_daemons(daemons);
  // Whoever writes to a pipe that nobody reads would never end.
  for (auto& one : others)
    one->close_idle_pipes();
  join_all(others, deadline::never());
  for (auto& one : detached)
    one->wait_until_begun();
}

// Processes of threads that nobody waits for: they end as they would if those
// were processes and ended.
void end_what_daemons_have() {
  child_list left;
  for (auto& one : children::mine().all())
    if (one->owner() && one->owner()->is_thread() && !one->is_thread()
        && !one->detached())
      left.push_back(one);
  end_daemons(left);
}

void tell(const std::exception& problem) {
  auto line = fmt::format("ramet: at the end of process '{}': {}\n",
                          face::here().name, problem.what());
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

struct stop_list {
  std::mutex guard; // of the list
  std::vector<std::function<void()>> calls;
};

stop_list& stops() {
  static auto* instance = new stop_list; // used at exit
  return *instance;
}

void call_stops() {
  auto& list = stops();
  std::vector<std::function<void()>> calls;
  {
    std::scoped_lock lock{list.guard};
    calls.swap(list.calls);
  }
  for (auto& call : calls)
    call();
}

} // namespace

void stop_at_runtime_end(std::function<void()> stop) {
  auto& list = stops();
  std::scoped_lock lock{list.guard};
  list.calls.push_back(std::move(stop));
}

void end_runtime_at_exit() {
  std::atexit([] { end_runtime(); });
}

void end_children(const face& whose) noexcept {
  try {
    end_children_of(whose, {});
  } catch (const std::exception& problem) {
    tell(problem);
  }
}

void end_runtime() noexcept {
  auto& me = self::mine();
  auto expected = runtime_phase::live;
  if (!me.same_process()
      || !me.phase.compare_exchange_strong(expected, runtime_phase::ending))
    return;
  try {
    line_of_faces ending;
    for (auto* one = &face::here(); one; one = one->starter())
      ending.push_back(one);
    as_face::drop();
    for (auto* one : ending)
      end_children_of(*one, ending);
    end_what_daemons_have();
    call_stops();
  } catch (const std::exception& problem) {
    tell(problem);
  }
  zygote::mine().end();
  me.hold_if_interrupted();
  // In a child the process ends right away, and its thread with it.
  if (!me.parent)
    watcher::mine().stop();
  me.phase.store(runtime_phase::ended);
  family::mine().leave();
}

} // namespace ramet::detail
