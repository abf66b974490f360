// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The process's node itself, its actors and their handles. What it sends is in
// local_node_sending.cpp, what arrives in local_node_delivering.cpp.

#include "node_steps.hpp"

#include "ending.hpp"
#include "family.hpp"
#include "self.hpp"
#include "well_known.hpp"

#include <ramet/error.hpp>

#include <caf/actor_registry.hpp>
#include <caf/make_actor.hpp>
#include <caf/send.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace ramet::detail {

namespace {

std::atomic<std::size_t> workers_wanted{0};

std::size_t number_of_workers() {
  if (auto wanted = workers_wanted.load())
    return wanted;
  return std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

// Made by whoever comes first: the start of a child, or the first use of
// actors.
mailbox find_own_inbox() {
  static std::mutex guard;
  std::scoped_lock lock{guard};
  auto& page = family::mine().own_page();
  if (auto id = page.inbox.load())
    return mailbox::open({id, object_kind::mailbox});
  auto made = mailbox::create();
  page.inbox.store(made.ref().object);
  return made;
}

// Never destroyed; null until made.
std::atomic<local_node*> instance{nullptr};
std::mutex& making() {
  static auto* guard = new std::mutex;
  return *guard;
}

} // namespace

mailbox local_node::own_inbox() {
  return find_own_inbox();
}

void local_node::set_workers(std::size_t count) {
  workers_wanted.store(count);
}

bool local_node::exists() {
  return instance.load() != nullptr;
}

local_node& local_node::mine() {
  if (auto* made = instance.load(std::memory_order_acquire))
    return *made;
  std::scoped_lock lock{making()};
  if (auto* made = instance.load(std::memory_order_acquire))
    return *made;
  self::mine().require_live("using actors");
  auto* made = new local_node;
  made->make_system(number_of_workers());
  instance.store(made, std::memory_order_release);
  made->threads().start_threads(); // they deliver to the above
  made->inbox_.stop_ringing();     // and sleep there
  stop_at_runtime_end([made] { made->stop(); });
  return *made;
}

local_node::local_node()
    : address_(member_id::mine()), inbox_(own_inbox()),
      peers_([this](member_id process) { post_ended(process); }) {}

void local_node::make_system(std::size_t workers) {
  caf_compat::set_scheduler(config_, [this,
                                      workers](caf::actor_system& system) {
    scheduler_ =
        new scheduler{system, inbox_, workers,
                      [this](caf_compat::executor& executor, std::size_t most) {
                        return read(executor, most);
                      }};
    return scheduler_;
  });
  caf_compat::set_node(config_, node_of(address_));
  system_ = std::make_unique<caf::actor_system>(config_);
}

void local_node::stop() noexcept {
  stopped_.store(true);
  scheduler_->stop_threads();
}

request_key local_node::key_of(std::uint64_t requester,
                               caf::message_id request) {
  return {requester, request.integer_value()
                         & ~(caf::message_id::response_flag_mask
                             | caf::message_id::answered_flag_mask)};
}

// -- handles ------------------------------------------------------------------

void local_node::export_actor(const caf::strong_actor_ptr& actor) {
  if (!exports_.add(actor))
    return;
  actor->get()->attach_functor(
      [this, id = actor->id()](const caf::error& reason) {
        on_exit(id, reason);
      });
}

void local_node::on_exit(std::uint64_t id, const caf::error& reason) {
  auto watchers = exports_.remove(id);
  links_.remove_all_to(id);
  if (stopped_.load())
    return;
  for (auto& watcher : watchers) {
    frame_header header;
    header.kind = frame_kind::down;
    header.from = address_;
    header.receiver = id;
    try {
      peers_.get(watcher)->ship(header, error_body{reason});
    } catch (const std::exception& problem) {
      tell(fmt::format("telling of the end of an actor: {}", problem.what()));
    }
  }
}

actor_words local_node::words_of(const caf::strong_actor_ptr& actor) {
  if (!actor)
    return {};
  auto process = process_of(actor->node());
  if (!process)
    throw error(errc::not_serializable,
                "sending a handle to an actor that is in no process of this "
                "family: it cannot be reached from others");
  if (*process == address_)
    export_actor(actor);
  return {process->slot, process->serial, actor->id()};
}

// Null when it has ended, or never was.
caf::strong_actor_ptr local_node::own_actor(std::uint64_t id) {
  auto found = exports_.find(id);
  return found ? found : well_known_actor(id);
}

caf::strong_actor_ptr local_node::dead_actor(member_id process,
                                             std::uint64_t id) {
  caf::actor_config config;
  auto none = std::make_shared<peer>(process, peer::way{});
  auto result = caf::make_actor<proxy, caf::strong_actor_ptr>(
      id, none->node(), system_.get(), config, none);
  static_cast<proxy*>(result->get())
      ->kill_proxy(nullptr, caf::make_error(caf::exit_reason::unknown));
  return result;
}

caf::strong_actor_ptr local_node::actor_of(const actor_words& words) {
  if (words.id == 0)
    return nullptr;
  member_id process{words.slot, words.serial};
  if (process == address_) {
    if (auto found = own_actor(words.id))
      return found;
    return dead_actor(process, words.id);
  }
  // Who sends much stands in many messages, one after the other.
  static thread_local struct {
    actor_words words;
    caf::weak_actor_ptr one;
  } last;
  if (last.words.id == words.id && last.words.serial == words.serial)
    if (auto still_here = last.one.lock())
      return still_here;
  auto of = peers_.get(process);
  auto result = proxies_.get(*system_, of, words.id);
  last.words = words;
  last.one = caf::weak_actor_ptr{result.get()};
  if (of->gone())
    static_cast<proxy*>(result->get())
        ->kill_proxy(nullptr, caf::make_error(
                                  caf::exit_reason::remote_link_unreachable));
  return result;
}

// -- the end ------------------------------------------------------------------

void local_node::wait_for_stop() {
  std::unique_lock lock{stop_guard_};
  stop_changed_.wait(lock, [this] { return stop_asked_; });
}

void local_node::end_actors() {
  for (auto& actor : exports_.all())
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  // Nobody tells when the last one has ended; it takes microseconds.
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  while (system_->registry().running() > 0
         && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

// -- for the codec ------------------------------------------------------------

actor_words export_actor(const caf::strong_actor_ptr& actor) {
  return actor ? local_node::mine().words_of(actor) : actor_words{};
}

caf::strong_actor_ptr import_actor(const actor_words& words) {
  return words.id == 0 ? nullptr : local_node::mine().actor_of(words);
}

} // namespace ramet::detail
