// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// CAF as it is: within one process, and between processes over BASP, its own
/// protocol, on loopback TCP. Tuned as well as we know: the sharing scheduler
/// with two workers, which wakes where the stealing one sleeps, and no worker
/// threads between the sockets and the actors.

#include "actor_works.hpp"
#include "forked.hpp"

#include <caf/io/all.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace bench {

namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr int parent_socket = 3;

struct settings : caf::actor_system_config {
  settings(std::size_t workers, bool network) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", workers);
    add_message_type<doubles>("doubles");
    add_actor_type("echo", echo);
    if (!network)
      return;
    load<caf::io::middleman>();
    set("middleman.workers", std::size_t{0});
  }
};

[[noreturn]] void fail_with(const caf::error& e) {
  throw std::runtime_error{caf::to_string(e)};
}

template <class... Ts>
void request(caf::scoped_actor& self, const caf::actor& to, Ts&&... contents) {
  self->request(to, caf::infinite, std::forward<Ts>(contents)...)
      .receive([](bool right) { must(right, "some messages are missing"); },
               [&](const caf::error& e) { fail_with(e); });
}

/// Tells a pinger or flooder what to do, and ends it.
seconds drive(caf::scoped_actor& self, const caf::actor& driver,
              seconds budget) {
  auto result = median_time(budget, [&](times n) { request(self, driver, n); });
  self->send_exit(driver, caf::exit_reason::kill);
  return result;
}

/// A request at a time from outside of all actors.
template <class T>
seconds scoped_time(caf::scoped_actor& self, const caf::actor& peer, T contents,
                    seconds budget) {
  return median_time(budget, [&](times n) {
    for (times i = 0; i < n; ++i)
      self->request(peer, caf::infinite, std::move(contents))
          .receive([&](T& reply) { contents = std::move(reply); },
                   [&](const caf::error& e) { fail_with(e); });
  });
}

// -- one process -------------------------------------------------------------

/// One worker: no thread hop stands between two actors.
struct alone {
  explicit alone(std::size_t workers = 1) : config(workers, false) {}
  ~alone() {
    for (const auto& each : actors)
      self->send_exit(each, caf::exit_reason::kill);
  }

  template <class... Ts>
  caf::actor spawn(Ts&&... arguments) {
    return actors.emplace_back(system.spawn(std::forward<Ts>(arguments)...));
  }

  settings config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::vector<caf::actor> actors;
};

// -- between processes -------------------------------------------------------

using ports = std::array<std::uint16_t, 2 + member_count>;
using member_ports = std::array<std::uint16_t, member_count>;

template <class T>
bool read_value(int fd, T& value) {
  return read_all(fd, std::as_writable_bytes(std::span{&value, 1}));
}

template <class T>
void write_value(int fd, const T& value) {
  write_all(fd, std::as_bytes(std::span{&value, 1}));
}

caf::actor connect(caf::actor_system& system, std::uint16_t port) {
  auto found = system.middleman().remote_actor(loopback, port);
  if (!found)
    fail_with(found.error());
  return *found;
}

/// The far side: publishes an echo, a sink and some members of the all-to-all
/// work, and serves until the parent closes its socket.
void serve(std::size_t members) {
  settings config{2, true};
  caf::actor_system system{config};
  std::vector<caf::actor> actors{system.spawn(echo), system.spawn(sink)};
  for (std::size_t i = 0; i < members; ++i)
    actors.push_back(system.spawn(member));
  ports published{};
  for (std::size_t i = 0; i < actors.size(); ++i) {
    auto port = system.middleman().publish(actors[i], 0, loopback);
    if (!port)
      fail_with(port.error());
    published[i] = *port;
  }
  write_value(parent_socket, published);

  // Every node connects to every other by itself: BASP would route through
  // the parent what it had got from there.
  member_ports everyone{};
  if (!read_value(parent_socket, everyone))
    std::_Exit(0);
  std::vector<caf::actor> all;
  for (auto port : everyone) {
    auto ours = std::find(published.begin() + 2, published.end(), port);
    all.push_back(
        ours == published.end()
            ? connect(system, port)
            : actors[static_cast<std::size_t>(ours - published.begin())]);
  }
  caf::scoped_actor self{system};
  for (std::size_t i = 0; i < all.size(); ++i)
    if (std::find(actors.begin(), actors.end(), all[i]) != actors.end())
      request(self, all[i], others_of(all, i));
  write_value(parent_socket, true);
  bool never = false;
  read_value(parent_socket, never);
  std::_Exit(0);
}

/// A node that runs `serve`, and its actors as this process sees them.
class server {
public:
  explicit server(caf::actor_system& system, std::size_t members = 0)
      : child_([&] { become_server(members); }) {
    ::close(sockets_.ends[1]);
    if (!read_value(sockets_.ends[0], ports_))
      throw std::runtime_error{"the server did not start"};
    echo = connect(system, ports_[0]);
    sink = connect(system, ports_[1]);
    for (std::size_t i = 0; i < members; ++i)
      this->members.push_back(connect(system, ports_[2 + i]));
  }
  server(const server&) = delete;
  ~server() { ::close(sockets_.ends[0]); }

  std::uint16_t member_port(std::size_t index) const {
    return ports_[2 + index];
  }
  void introduce(const member_ports& everyone) {
    write_value(sockets_.ends[0], everyone);
    bool done = false;
    if (!read_value(sockets_.ends[0], done))
      throw std::runtime_error{"a server did not reach the others"};
  }

  void kill() const { child_.kill(); }

  caf::actor echo;
  caf::actor sink;
  std::vector<caf::actor> members;

private:
  void become_server(std::size_t members) {
    if (::dup2(sockets_.ends[1], parent_socket) == -1)
      fail("dup2");
    ::execl("/proc/self/exe", "bench_caf", "serve",
            std::to_string(members).c_str(), "0", nullptr);
    fail("exec");
  }

  socket_pair sockets_;
  ports ports_{};
  forked child_;
};

struct network {
  settings config{2, true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
};

seconds all_to_all(std::size_t nodes, seconds budget) {
  network here;
  std::vector<std::unique_ptr<server>> servers;
  for (std::size_t i = 0; i < nodes; ++i)
    servers.push_back(std::make_unique<server>(
        here.system, (member_count - i + nodes - 1) / nodes));
  std::vector<caf::actor> members;
  member_ports everyone{};
  for (std::size_t i = 0; i < member_count; ++i) {
    const auto& host = *servers[i % nodes];
    members.push_back(host.members[i / nodes]);
    everyone[i] = host.member_port(i / nodes);
  }
  // In turns: two nodes that connect to each other at once may fail.
  for (auto& each : servers)
    each->introduce(everyone);
  return all_to_all_time(budget, [&](times n) {
    using asked = decltype(here.self->request(members[0], caf::infinite, n));
    std::vector<asked> pending;
    for (const auto& each : members)
      pending.push_back(here.self->request(each, caf::infinite, n));
    for (auto& each : pending)
      each.receive([](bool) {}, [&](const caf::error& e) { fail_with(e); });
  });
}

/// Through the middleman's spawn server; until the new actor's handle is here.
seconds spawn_there(seconds budget) {
  network here;
  server there{here.system};
  return median_time(budget, [&](times n) {
    for (times i = 0; i < n; ++i) {
      auto made = here.system.middleman().remote_spawn<caf::actor>(
          there.echo.node(), "echo", caf::make_message());
      if (!made)
        fail_with(made.error());
      caf::anon_send_exit(*made, caf::exit_reason::kill);
    }
  });
}

seconds down_after_kill(seconds budget) {
  network here;
  return median_sample(budget, [&] {
    server there{here.system};
    here.self->monitor(there.echo);
    here.self->request(there.echo, caf::infinite, small{1})
        .receive([](small) {}, [](const caf::error& e) { fail_with(e); });
    return time_to_down(here.self, [&] { there.kill(); });
  });
}

std::vector<command> commands() {
  std::vector<command> result{
      {"serve",
       {"MEMBERS"},
       [](const auto& numbers, seconds) {
         serve(numbers.at(0));
         return seconds::zero();
       }},
      with_one("all-to-all", "NODES", all_to_all),
      plain("down", down_after_kill),
      plain("spawn", spawn_there),
  };
  add_round_trips(
      result, "round-trip", []<class T>(T contents, seconds budget) {
        network here;
        server there{here.system};
        auto driver = here.system.spawn(pinger<T>, there.echo, contents);
        return drive(here.self, driver, budget);
      });
  add_round_trips(result, "scoped", []<class T>(T contents, seconds budget) {
    network here;
    server there{here.system};
    return scoped_time(here.self, there.echo, contents, budget);
  });
  add_floods(result, "flood", []<class T>(T contents, seconds budget) {
    network here;
    server there{here.system};
    auto driver = here.system.spawn(flooder<T>, there.sink, contents);
    return drive(here.self, driver, budget);
  });
  add_round_trips(
      result, "alone-round-trip", []<class T>(T contents, seconds budget) {
        alone here;
        return drive(here.self,
                     here.spawn(pinger<T>, here.spawn(echo), contents), budget);
      });
  add_round_trips(
      result, "alone-scoped", []<class T>(T contents, seconds budget) {
        alone here{2};
        return scoped_time(here.self, here.spawn(echo), contents, budget);
      });
  add_floods(result, "alone-flood", []<class T>(T contents, seconds budget) {
    alone here;
    return drive(here.self, here.spawn(flooder<T>, here.spawn(sink), contents),
                 budget);
  });
  return result;
}

} // namespace

} // namespace bench

int main(int argc, char** argv) {
  return bench::run_command(bench::commands(), argc, argv);
}
