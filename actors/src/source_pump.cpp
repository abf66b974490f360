// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "source_pump.hpp"

#include "ending.hpp"
#include "threads_posix.hpp"

#include <ramet/error.hpp>
#include <ramet/wait.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

namespace ramet::detail {

namespace {

// Items of one source before the thread looks for what is new.
constexpr int rounds_at_once = 64;
// When waiting fails for want of memory; nothing tells when there is some.
constexpr std::chrono::milliseconds recovery{20};

} // namespace

source_pump& source_pump::mine() {
  static auto* instance = new source_pump;
  return *instance;
}

void source_pump::add(std::shared_ptr<source_core> one) {
  {
    std::scoped_lock lock{guard_};
    if (stopping_)
      throw error(errc::protocol,
                  "feeding an actor: the runtime of this process has ended");
    if (!thread_.joinable())
      start();
    added_.push_back(std::move(one));
  }
  wake();
}

void source_pump::start() {
  signals_blocked blocked; // inherited by the thread
  try {
    thread_ = std::thread{[this] { run(); }};
  } catch (const std::system_error& problem) {
    throw_os_error(problem.code().value(),
                   "starting the thread that feeds actors");
  }
  stop_at_runtime_end([this] { finish(); });
}

void source_pump::finish() {
  {
    std::scoped_lock lock{guard_};
    stopping_ = true;
  }
  wake();
  if (std::this_thread::get_id() != thread_.get_id()) // decoding that exits
    thread_.join();
}

void source_pump::run() {
  name_this_thread("ramet-sources");
  source_list all;
  while (let_in(all)) {
    // One item of each in turn: sources of one queue share it.
    bool busy = true;
    for (int i = 0; busy && i < rounds_at_once; ++i) {
      busy = false;
      for (auto& one : all)
        busy |= one->step();
    }
    std::erase_if(all, [](auto& one) { return one->ended(); });
    if (!busy)
      sleep(all);
  }
  for (auto& one : all)
    one->end();
}

// False: the runtime ends.
bool source_pump::let_in(source_list& all) {
  bell_.clear();
  std::scoped_lock lock{guard_};
  std::ranges::move(added_, std::back_inserter(all));
  added_.clear();
  return !stopping_;
}

void source_pump::sleep(const source_list& all) {
  auto until = deadline::never();
  try {
    std::vector<waitable> things{bell_.what()};
    for (auto& one : all) {
      if (one->wants_items())
        things.push_back(one->what());
      until.at = std::min(until.at, one->next_look().at);
    }
    wait_ready(things, until);
  } catch (const std::exception&) {
    std::this_thread::sleep_for(recovery);
  }
}

} // namespace ramet::detail
