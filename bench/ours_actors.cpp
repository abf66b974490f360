// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The works of actors done with ramet, as a user would write them. A program
/// of its own: bench_ours starts processes that do not carry CAF.

#include "actor_works.hpp"

#include <ramet/actor_system.hpp>
#include <ramet/ask.hpp>
#include <ramet/manager.hpp>
#include <ramet/node.hpp>
#include <ramet/runtime.hpp>

#include <list>

namespace bench {

namespace {

/// Tells a pinger or flooder what to do, and ends it.
seconds drive(const caf::actor& driver, seconds budget) {
  auto result = median_time(budget, [&](times n) {
    must(ramet::ask<bool>(driver, n).get(), "some messages are missing");
  });
  caf::anon_send_exit(driver, caf::exit_reason::kill);
  return result;
}

/// A request at a time from outside of all actors.
template <class T>
seconds ask_time(const caf::actor& peer, T contents, seconds budget) {
  return median_time(budget, [&](times n) {
    for (times i = 0; i < n; ++i)
      contents = ramet::ask<T>(peer, std::move(contents)).get();
  });
}

seconds all_to_all(std::size_t nodes, seconds budget) {
  std::list<ramet::node> hosts;
  for (std::size_t i = 0; i < nodes; ++i)
    hosts.emplace_back();
  std::vector<caf::actor> members;
  auto host = hosts.begin();
  for (std::size_t i = 0; i < member_count; ++i) {
    members.push_back(host->spawn(member));
    if (++host == hosts.end())
      host = hosts.begin();
  }
  for (std::size_t i = 0; i < member_count; ++i)
    ramet::ask<bool>(members[i], others_of(members, i)).get();
  return all_to_all_time(budget, [&](times n) {
    std::vector<ramet::future<bool>> pending;
    for (const auto& each : members)
      pending.push_back(ramet::ask<bool>(each, n));
    for (auto& each : pending)
      each.get();
  });
}

/// Until the new actor's handle is here.
seconds spawn_there(seconds budget) {
  ramet::node there;
  return median_time(budget, [&](times n) {
    for (times i = 0; i < n; ++i)
      caf::anon_send_exit(there.spawn(echo), caf::exit_reason::kill);
  });
}

/// From the SIGKILL of a process until a watcher of its actor knows.
seconds down_after_kill(seconds budget) {
  caf::scoped_actor self{ramet::actor_system()};
  return median_sample(budget, [&] {
    ramet::node there;
    auto victim = there.spawn(echo);
    self->monitor(victim);
    ramet::ask<small>(victim, small{1}).get(); // the monitor is there
    return time_to_down(self, [&] { there.kill(); });
  });
}

/// A dict of a thousand entries; the works turn through its keys.
template <class Work>
seconds dict_time(seconds budget, Work work) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i)
    keys.push_back("key " + std::to_string(i));
  ramet::manager manager;
  auto entries = manager.dict<std::string, int>();
  for (const auto& key : keys)
    entries.set(key, 1);
  return median_time(budget, [&](times n) {
    for (times i = 0; i < n; ++i)
      work(entries, keys[i % keys.size()]);
  });
}

seconds dict_get(seconds budget) {
  return dict_time(budget, [](auto& entries, const std::string& key) {
    must(entries.at(key) == 1, "another value than was set");
  });
}

seconds dict_set(seconds budget) {
  return dict_time(budget, [](auto& entries, const std::string& key) {
    entries.set(key, 2);
  });
}

std::vector<command> commands() {
  std::vector<command> result{
      with_one("all-to-all", "NODES", all_to_all),
      plain("dict-get", dict_get),
      plain("dict-set", dict_set),
      plain("down", down_after_kill),
      plain("spawn", spawn_there),
  };
  add_round_trips(
      result, "round-trip", []<class T>(T contents, seconds budget) {
        ramet::node there;
        auto& here = ramet::actor_system();
        return drive(here.spawn(pinger<T>, there.spawn(echo), contents),
                     budget);
      });
  add_round_trips(result, "ask", []<class T>(T contents, seconds budget) {
    ramet::node there;
    return ask_time(there.spawn(echo), contents, budget);
  });
  add_floods(result, "flood", []<class T>(T contents, seconds budget) {
    ramet::node there;
    auto& here = ramet::actor_system();
    return drive(here.spawn(flooder<T>, there.spawn(sink), contents), budget);
  });
  add_round_trips(
      result, "alone-round-trip", []<class T>(T contents, seconds budget) {
        auto& here = ramet::actor_system();
        return drive(here.spawn(pinger<T>, here.spawn(echo), contents), budget);
      });
  add_round_trips(result, "alone-ask", []<class T>(T contents, seconds budget) {
    return ask_time(ramet::actor_system().spawn(echo), contents, budget);
  });
  return result;
}

} // namespace

} // namespace bench

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  return bench::run_command(bench::commands(), argc, argv);
}
