// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/node.hpp>

#include "actor_start.hpp"
#include "child.hpp"
#include "hosted_actors.hpp"
#include "local_node.hpp"

#include <ramet/actor_error.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <chrono>

namespace ramet {

/// What the parent keeps of the child behind a handle.
struct detail::process_access {
  static const child& child_of(const process& handle) { return *handle.state_; }
};

namespace {

// For the actors to end in, and then the process.
constexpr std::chrono::seconds grace{2};

// What a node's process runs.
void host_actors(std::size_t workers) {
  detail::local_node::set_workers(workers);
  auto& here = detail::local_node::mine();
  here.wait_for_stop();
  here.end_actors();
}

// What it runs if it is a thread, as this process has its place for actors.
void host_actors_here(std::uint64_t number) {
  if (auto hosted = detail::hosted_actors::find(number))
    hosted->run();
}

std::shared_ptr<detail::hosted_actors> host_of(const node_options& options) {
  if (options.start.value_or(default_start_method()) != start_method::thread)
    return nullptr;
  detail::local_node::mine(); // throws if there can be none
  return detail::hosted_actors::make();
}

process start_node(const node_options& options,
                   const detail::hosted_actors* hosted) {
  process_options about;
  about.name = options.name;
  about.daemon = true;
  if (hosted) {
    about.start = start_method::thread;
    return process{std::move(about), host_actors_here, hosted->number()};
  }
  about.start = options.start;
  detail::require_no_pipes(options.setup, "starting a node");
  about.setup = options.setup;
  return process{std::move(about), host_actors, options.workers};
}

} // namespace

caf::actor_system& actor_system() {
  return detail::local_node::mine().system();
}

node::node(node_options options)
    : hosted_(host_of(options)), process_(start_node(options, hosted_.get())) {
  auto& child = detail::process_access::child_of(process_);
  slot_ = child.slot();
  serial_ = child.serial();
}

node& node::operator=(node&& other) noexcept {
  if (this != &other) {
    end();
    process_ = std::move(other.process_);
    hosted_ = std::move(other.hosted_);
    slot_ = other.slot_;
    serial_ = other.serial_;
  }
  return *this;
}

node::~node() {
  end();
}

void node::end() noexcept {
  try {
    if (!process_.running())
      return;
    stop();
    if (!process_.join_for(grace)) {
      process_.kill();
      process_.join();
    }
  } catch (const error&) { // moved from
  }
}

void node::stop() {
  if (!process_.running())
    return;
  if (hosted_) {
    hosted_->stop();
    return;
  }
  auto& here = detail::local_node::mine();
  detail::frame_header header;
  header.kind = detail::frame_kind::stop;
  header.from = here.address();
  here.peer_of({slot_, serial_})->ship(header, detail::no_body{});
}

caf::strong_actor_ptr node::spawn_there(detail::spawn_entry entry,
                                        const detail::outgoing& call) {
  static_cast<void>(process_.pid()); // throws if moved from
  auto state = detail::start_actor_at({slot_, serial_}, entry, call);
  state->wait(detail::deadline::never());
  auto made = state->take();
  if (made.ended && *made.ended)
    throw actor_error(
        errc::child_failed,
        fmt::format("spawning an actor in process '{}' (pid {}): it ended at "
                    "once: {}",
                    name(), pid(), detail::reason_text(*made.ended)),
        *made.ended);
  if (hosted_ && !hosted_->add(made.actor))
    throw actor_error(
        errc::closed,
        fmt::format("spawning an actor in process '{}' (pid {}), a thread: it "
                    "has been stopped",
                    name(), pid()),
        caf::make_error(caf::sec::request_receiver_down));
  return made.actor;
}

} // namespace ramet
