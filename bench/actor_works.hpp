// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actors of the works. CAF's own contestants and ours run the same ones:
/// only what stands between two processes differs.

#pragma once

#include "command.hpp"
#include "measure.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// What the messages of a work contain.
using small = std::int32_t;
using text = std::string;
using doubles = std::vector<double>;

inline doubles make_doubles(std::size_t count) {
  doubles result(count);
  for (std::size_t i = 0; i < count; ++i)
    result[i] = static_cast<double>(i) * 0.5;
  return result;
}

/// How many times an actor shall do its work.
using times = std::uint64_t;

/// Sends back what it gets.
inline caf::behavior echo() {
  return {
      [](small each) { return each; },
      [](text& each) { return std::move(each); },
      [](doubles& each) { return std::move(each); },
  };
}

struct sink_state {
  times taken = 0;
};

/// Takes everything; asked with `times`, it says how much that was since it was
/// asked last.
inline caf::behavior sink(caf::stateful_actor<sink_state>* self) {
  return {
      [self](small) { ++self->state.taken; },
      [self](const text&) { ++self->state.taken; },
      [self](times) { return std::exchange(self->state.taken, 0); },
  };
}

template <class T>
struct driver_state {
  caf::actor peer;
  T contents{};
  times left = 0;
  caf::response_promise done;

  void finish(bool result) {
    done.deliver(result);
    done = {}; // it holds the actor
  }
};

template <class T>
using driver = caf::stateful_actor<driver_state<T>>;

template <class T>
void ping(driver<T>* self) {
  auto& state = self->state;
  self->request(state.peer, caf::infinite, std::move(state.contents))
      .then([self](T& reply) {
        auto& state = self->state;
        state.contents = std::move(reply);
        if (--state.left != 0)
          ping(self);
        else
          state.finish(true);
      });
}

/// Told `times`, sends its contents to an echo and back so often, one at a
/// time, then answers true.
template <class T>
caf::behavior pinger(driver<T>* self, const caf::actor& peer,
                     const T& contents) {
  self->state.peer = peer;
  self->state.contents = contents;
  return {
      [self](times n) {
        self->state.left = n;
        self->state.done = self->make_response_promise();
        ping(self);
        return self->state.done;
      },
  };
}

/// Told `times`, sends its contents to a sink so often without waiting, then
/// answers whether all of it arrived.
template <class T>
caf::behavior flooder(driver<T>* self, const caf::actor& peer,
                      const T& contents) {
  self->state.peer = peer;
  self->state.contents = contents;
  return {
      [self](times n) {
        auto& state = self->state;
        state.done = self->make_response_promise();
        for (times i = 0; i < n; ++i)
          self->send(state.peer, state.contents);
        self->request(state.peer, caf::infinite, n)
            .then([self, n](times taken) { self->state.finish(taken == n); });
        return state.done;
      },
  };
}

/// How many actors the all-to-all work has, on however many nodes.
inline constexpr std::size_t member_count = 4;

struct member_state {
  std::vector<caf::actor> others;
  times left = 0;
  caf::response_promise done;
};

using member_actor = caf::stateful_actor<member_state>;

inline void exchange(member_actor* self, const caf::actor& other, times n) {
  self->request(other, caf::infinite, small{7}).then([self, other, n](small) {
    if (n > 1)
      exchange(self, other, n - 1);
    auto& state = self->state;
    if (--state.left == 0) {
      state.done.deliver(true);
      state.done = {};
    }
  });
}

/// Answers its others; told who they are, and `times`, makes so many requests
/// to each of them, with one outstanding at each, then answers true.
inline caf::behavior member(member_actor* self) {
  return {
      [](small each) { return each; },
      [self](std::vector<caf::actor>& others) {
        self->state.others = std::move(others);
        return true;
      },
      [self](times n) {
        auto& state = self->state;
        state.left = n * state.others.size();
        state.done = self->make_response_promise();
        for (const auto& other : state.others)
          exchange(self, other, n);
        return state.done;
      },
  };
}

/// All but the one at `index`.
inline std::vector<caf::actor> others_of(const std::vector<caf::actor>& all,
                                         std::size_t index) {
  auto result = all;
  result.erase(result.begin() + static_cast<std::ptrdiff_t>(index));
  return result;
}

/// The all-to-all rounds: `ask_all(n)` tells each member `times` n and waits
/// until all have answered. @returns the time of one request
template <class AskAll>
seconds all_to_all_time(seconds budget, AskAll&& ask_all) {
  constexpr times pairs = member_count * (member_count - 1);
  return median_time(budget,
                     [&](times n) { ask_all((n + pairs - 1) / pairs); });
}

/// Commands of a work for each kind of contents: NAME-small, NAME-text BYTES,
/// NAME-doubles COUNT. @param work called with the contents and the budget
template <class Work>
void add_round_trips(std::vector<command>& commands, const std::string& name,
                     Work work) {
  commands.push_back({name + "-small", {}, [work](const auto&, seconds budget) {
                        return work(small{7}, budget);
                      }});
  commands.push_back(
      {name + "-text", {"BYTES"}, [work](const auto& numbers, seconds budget) {
         return work(text(numbers.at(0), 'U'), budget);
       }});
  commands.push_back({name + "-doubles",
                      {"COUNT"},
                      [work](const auto& numbers, seconds budget) {
                        return work(make_doubles(numbers.at(0)), budget);
                      }});
}

/// The same without doubles.
template <class Work>
void add_floods(std::vector<command>& commands, const std::string& name,
                Work work) {
  add_round_trips(commands, name, work);
  commands.pop_back();
}

/// From a kill until this actor, which monitors somebody there, is told.
template <class Kill>
seconds time_to_down(caf::scoped_actor& self, Kill&& kill) {
  auto start = clock::now();
  kill();
  self->receive([](const caf::down_msg&) {});
  return clock::now() - start;
}

inline void must(bool right, const char* what) {
  if (!right)
    throw std::runtime_error{what};
}

} // namespace bench
