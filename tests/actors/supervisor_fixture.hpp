// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the tests of supervisors have in common: children that tell how it goes
/// with them.

#pragma once

#include "actors_test.hpp"

#include <ramet/queue.hpp>
#include <ramet/supervisor.hpp>
#include <ramet/this_process.hpp>

#include <csignal>
#include <optional>
#include <string>

namespace ramet_test {

using add_atom = caf::atom_constant<caf::atom("add")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;

/// What children say of themselves: their name, and how it goes with them.
struct news {
  std::string name;
  std::string what;
  int pid = 0;

  friend bool operator==(const news&, const news&) = default;
};
using news_queue = ramet::queue<news>;

inline void say(news_queue out, const std::string& name,
                const std::string& what) {
  out.put({name, what, ramet::this_process().pid()});
}

using tally = caf::typed_actor<caf::replies_to<add_atom, int>::with<int>,
                               caf::replies_to<pid_atom>::with<int>,
                               caf::reacts_to<fail_atom, bool>>;

struct tally_state {
  int sum = 0;
};

inline tally::behavior_type
make_tally(tally::stateful_pointer<tally_state> self, int start,
           const std::string& name, news_queue out) {
  self->state.sum = start;
  self->set_exit_handler([=](const caf::exit_msg& message) {
    say(out, name, "stops");
    self->quit(message.reason);
  });
  say(out, name, "starts");
  return {
      [=](add_atom, int x) { return self->state.sum += x; },
      [](pid_atom) { return ramet::this_process().pid(); },
      [=](fail_atom, bool normal) {
        if (normal)
          self->quit();
        else
          self->quit(caf::sec::runtime_error);
      },
  };
}

inline int pid(const tally& one) {
  return ramet::ask(one, pid_atom::value).get();
}

inline void kill(const tally& one) {
  ::kill(pid(one), SIGKILL);
}

/// The end of an actor, as an actor here sees it.
class end_of {
public:
  template <class Handle>
  explicit end_of(const Handle& one)
      : watcher_(ramet::actor_system().spawn(
          [](caf::event_based_actor* self, const caf::actor_addr& whom,
             ramet::queue<caf::error> out) -> caf::behavior {
            self->monitor(caf::actor_cast<caf::actor>(whom));
            self->set_down_handler([=](const caf::down_msg& message) {
              ramet::queue<caf::error>{out}.put(message.reason);
              self->quit();
            });
            return {[](one_atom) {}};
          },
          caf::actor_cast<caf::actor_addr>(one), ended_)) {
    ramet::ask<void>(watcher_, one_atom::value).get();
  }
  ~end_of() { caf::anon_send_exit(watcher_, caf::exit_reason::user_shutdown); }
  end_of(const end_of&) = delete;
  end_of& operator=(const end_of&) = delete;

  std::optional<caf::error> wait() { return ended_.get_for(long_enough); }
  bool seen() { return !ended_.empty(); }

private:
  ramet::queue<caf::error> ended_;
  caf::actor watcher_;
};

class supervisor_test : public actors_test {
protected:
  tally spawn(ramet::supervisor& in, const std::string& name, int start = 0,
              ramet::child_options options = {}) {
    options.name = name;
    auto result = in.spawn(options, make_tally, start, name, out());
    expect(name, "starts");
    return result;
  }

  news next() {
    auto result = out().get_for(long_enough);
    return result ? *result : news{"nobody", "says anything"};
  }
  int expect(const std::string& name, const std::string& what) {
    auto found = next();
    EXPECT_EQ(found.name + " " + found.what, name + " " + what);
    return found.pid;
  }

  news_queue& out() { return *out_; }

  static bool comes_to_be(const ramet::supervisor& of, std::size_t child,
                          ramet::child_state state) {
    return eventually(
        [&] { return of.tree().children.at(child).state == state; });
  }

  void SetUp() override {
    actors_test::SetUp();
    out_.emplace();
  }
  void TearDown() override {
    out_.reset();
    actors_test::TearDown();
  }

private:
  std::optional<news_queue> out_;
};

} // namespace ramet_test
