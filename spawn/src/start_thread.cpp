// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A child that is a thread of this process. It gets its call in a message like
// any other child, and so copies of the arguments, and what is moved to it is
// moved.

#include "child_thread.hpp"
#include "ending.hpp"
#include "self.hpp"
#include "sentinel_linux.hpp"
#include "start_message.hpp"
#include "starter.hpp"
#include "threads_posix.hpp"
#include "uncaught.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <atomic>
#include <system_error>
#include <utility>

namespace ramet::detail {

namespace {

/// Keeps a thread from running its function before it is listed and watched.
class gate {
public:
  enum state : int { shut, open, cancelled };

  void set(state to) {
    state_.store(to);
    state_.notify_one();
  }
  bool wait_open() {
    state_.wait(shut);
    return state_.load() == open;
  }

private:
  std::atomic<int> state_{shut};
};

// Tells of the end, however the function is left (say, by pthread_exit).
class end_of_thread {
public:
  end_of_thread(child_thread& self, int sentinel)
      : self_(self), sentinel_(sentinel) {}
  ~end_of_thread() {
    end_children(*self_.worn);
    self::mine().hold_if_ended();
    self_.worn->set_over();
    raise_sentinel(sentinel_);
  }
  end_of_thread(const end_of_thread&) = delete;
  end_of_thread& operator=(const end_of_thread&) = delete;

private:
  child_thread& self_;
  int sentinel_;
};

void run(child_thread& self, mailbox inbox, int sentinel) {
  as_face worn{*self.worn};
  name_child_thread(self.worn->name);
  end_of_thread end{self, sentinel};
  std::unique_ptr<job> work; // goes before others hear of the end
  self.thrown = tell_uncaught("could not begin, because of", [&] {
    inbox.take(
        [&](const incoming& message) {
          work = read_start_job(read_start_header(message), message);
          return verdict::consume;
        },
        deadline::now()); // put there before the start
    inbox = {};
  });
  if (self.thrown)
    return;
  self.thrown = tell_uncaught("ended by an uncaught", [&] { work->run(); });
}

class thread_method final : public starter {
public:
  std::shared_ptr<child> start(const start_request& request) override {
    auto& options = request.options;
    auto& starter = face::here();
    auto identity = starter.next_child_identity();
    child::description about;
    about.name = options.name.empty() ? "Process-" + identity : options.name;
    about.daemon = options.daemon.value_or(starter.daemon);
    refuse_what_takes_a_process(options, about.name);

    auto self = std::make_shared<child_thread>(starter);
    self->worn->name = about.name;
    self->worn->identity = identity;
    self->worn->daemon = about.daemon;
    self->worn->parent = starter.as_parent();
    self->worn->default_start.store(starter.default_start.load());

    start_header header;
    header.entry = locate_code(reinterpret_cast<const void*>(request.entry));
    header.arguments_type = request.arguments.type;
    start_message message{header, request.arguments};
    auto inbox = mailbox::create();
    inbox.put(message.as_outgoing(), deadline::never());

    about.id = family::mine().id();
    about.pid = self::mine().runtime_pid();
    about.pidfd = make_sentinel();
    about.owner = starter.keep();
    about.thread = self;
    int sentinel = about.pidfd.get();
    auto result = std::make_shared<child>(std::move(about));
    auto go = std::make_shared<gate>();
    try {
      // The child keeps its sentinel until it has joined the thread.
      self->thread = std::thread{[self, go, inbox, sentinel]() mutable {
        if (go->wait_open())
          run(*self, std::move(inbox), sentinel);
      }};
    } catch (const std::system_error& problem) {
      throw error(errc::resource_exhausted,
                  fmt::format("starting process '{}' as a thread: {}; there "
                              "may be too many threads (ulimit -u)",
                              result->name(), problem.code().message()));
    }
    try {
      child::begin(result);
    } catch (...) {
      go->set(gate::cancelled);
      self->thread.join();
      throw;
    }
    go->set(gate::open);
    return result;
  }

private:
  static void refuse_what_takes_a_process(const process_options& options,
                                          const std::string& name) {
    require_no_setup(options.setup, start_method::thread, name);
    if (!options.executable.empty())
      throw error(errc::protocol,
                  fmt::format("starting process '{}' as a thread: its options "
                              "name the program '{}', but a thread runs in "
                              "this one; leave `executable` out, or use "
                              "start_method::spawn",
                              name, options.executable));
  }
};

} // namespace

starter& thread_starter() {
  static auto* instance = new thread_method; // used by static destructors, too
  return *instance;
}

} // namespace ramet::detail
