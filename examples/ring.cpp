// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Sends a token around a ring of actors in several processes, and says how
/// long one hop takes: once with neighbours in different processes, so that
/// each hop crosses to another one, and once with most neighbours in the same.

#include <ramet/ask.hpp>
#include <ramet/node.hpp>
#include <ramet/runtime.hpp>

#include <CLI/CLI.hpp>
#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <vector>

namespace {

struct token {
  std::uint64_t hops_left = 0;
  std::uint64_t hops = 0; ///< that it has made
};

struct start {
  std::uint64_t hops = 0;
};

using token_taker = caf::typed_actor<caf::reacts_to<token>>;

/// It is told its neighbour; whichever member is told to start sends a token
/// around, and answers with the token's hops when it has it back.
using member = caf::typed_actor<caf::reacts_to<token>,
                                caf::replies_to<token_taker>::with<bool>,
                                caf::replies_to<start>::with<std::uint64_t>>;

struct member_state {
  token_taker next;
  caf::typed_response_promise<std::uint64_t> done;
};

member::behavior_type make_member(member::stateful_pointer<member_state> self) {
  return {
      [self](const token& it) {
        if (it.hops_left > 0)
          self->send(self->state.next, token{it.hops_left - 1, it.hops + 1});
        else
          self->state.done.deliver(it.hops);
      },
      [self](const token_taker& next) {
        self->state.next = next;
        return true;
      },
      [self](const start& what) {
        self->state.done = self->make_response_promise<std::uint64_t>();
        self->send(self->state.next, token{what.hops - 1, 1});
        return self->state.done;
      },
  };
}

using members = std::vector<member>;

/// Makes each the neighbour of the one before it.
void close_ring(const members& ring) {
  for (std::size_t i = 0; i < ring.size(); ++i)
    ramet::ask(ring[i],
               caf::actor_cast<token_taker>(ring[(i + 1) % ring.size()]))
        .get();
}

double microseconds_per_hop(const members& ring, std::uint64_t rounds) {
  auto begin = std::chrono::steady_clock::now();
  auto hops = ramet::ask(ring.front(), start{rounds * ring.size()}).get();
  std::chrono::duration<double, std::micro> time =
      std::chrono::steady_clock::now() - begin;
  return time.count() / static_cast<double>(hops);
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  CLI::App app{"A token around a ring of actors in several processes."};
  std::size_t actors = 100;
  std::size_t processes = 4;
  std::uint64_t rounds = 200;
  app.add_option("--actors", actors, "Number of actors")
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  app.add_option("--processes", processes, "Number of processes")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--rounds", rounds, "How often the token goes around")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::vector<ramet::node> nodes(processes);
  members all;
  std::vector<members> by_process(processes);
  for (std::size_t i = 0; i < actors; ++i) {
    all.push_back(nodes[i % processes].spawn(make_member));
    by_process[i % processes].push_back(all.back());
  }

  auto report = [&](const char* how, const members& ring) {
    close_ring(ring);
    microseconds_per_hop(ring, std::max<std::uint64_t>(rounds / 10, 1));
    auto time = microseconds_per_hop(ring, rounds);
    fmt::print("{} actors in {} processes, {} rounds, {}: {:.2f} us a hop\n",
               actors, processes, rounds, how, time);
  };
  report("neighbours apart", all);
  members together;
  for (const auto& some : by_process)
    together.insert(together.end(), some.begin(), some.end());
  report("neighbours together", together);
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "ring: {}\n", e.what());
  return EXIT_FAILURE;
}
