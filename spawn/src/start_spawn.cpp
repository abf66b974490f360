// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bootstrap.hpp"
#include "child_setup.hpp"
#include "family.hpp"
#include "launcher.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "start_message.hpp"
#include "starter.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <csignal>
#include <filesystem>

namespace ramet::detail {

namespace {

// Gives an admitted child's place back, unless it was launched.
class place_guard {
public:
  explicit place_guard(member_id place) : place_(place) {}
  ~place_guard() {
    if (armed_)
      family::mine().settle(place_);
  }
  place_guard(const place_guard&) = delete;
  place_guard& operator=(const place_guard&) = delete;
  void release() { armed_ = false; }

private:
  member_id place_;
  bool armed_ = true;
};

class spawn_method final : public starter {
public:
  std::shared_ptr<child> start(const start_request& request) override {
    auto& me = face::here();
    auto& members = family::mine();
    auto& options = request.options;
    auto identity = me.next_child_identity();
    child::description about;
    about.name = options.name.empty() ? "Process-" + identity : options.name;
    about.daemon = options.daemon.value_or(me.daemon);
    about.program =
        options.executable.empty() ? own_program() : options.executable;
    child_setup setup{options.setup, about.name};
    if (!options.setup.working_directory.empty())
      about.program = std::filesystem::absolute(about.program); // from here
    about.limits = options.setup.limits;
    about.pipe_ends = setup.watched_pipes();

    start_header header;
    header.entry = locate_code(reinterpret_cast<const void*>(request.entry));
    header.arguments_type = request.arguments.type;
    header.daemon = about.daemon ? 1 : 0;
    write_field(header.identity, identity);
    write_field(header.parent_name, me.name);

    auto place = members.admit(about.name);
    place_guard guard{place.id};
    about.id = place.id;
    about.inbox = mailbox::create();
    place.page->inbox.store(about.inbox.ref().object);
    start_message message{header, request.arguments};
    about.inbox.put(message.as_outgoing(), deadline::never());

    auto& entry = members.entry(place.id.slot);
    entry.start_time.store(start_time_now());
    auto started =
        launch_program({about.program,
                        {self::mine().argv0},
                        environment_of_child(place),
                        &setup},
                       fmt::format("starting process '{}'", about.name));
    entry.pid.store(started.pid);
    about.pipes = setup.take_pipes();

    about.pid = started.pid;
    about.owner = me.keep();
    about.page = place.page;
    about.page_segment = std::move(place.page_segment);
    int pidfd = started.pidfd.get();
    about.pidfd = std::move(started.pidfd);
    auto result = std::make_shared<child>(std::move(about));
    try {
      child::begin(result);
    } catch (...) {
      send_signal(pidfd, SIGKILL);
      collect_exit(pidfd);
      throw;
    }
    guard.release();
    return result;
  }
};

} // namespace

starter& spawn_starter() {
  static auto* instance = new spawn_method; // used by static destructors, too
  return *instance;
}

} // namespace ramet::detail
