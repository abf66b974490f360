// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "local_node.hpp"

#include "ending.hpp"
#include "family.hpp"
#include "message_codec.hpp"
#include "registrar.hpp"
#include "run_frame.hpp"
#include "self.hpp"

#include <ramet/error.hpp>

#include <caf/actor_registry.hpp>
#include <caf/make_actor.hpp>
#include <caf/ref_counted.hpp>
#include <caf/resumable.hpp>
#include <caf/send.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
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

void tell(const std::string& text) {
  auto line = fmt::format("ramet: {}\n", text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

constexpr std::chrono::milliseconds longest_wait_for_room{20};
constexpr std::chrono::microseconds wait_slice{200};

// This thread is in deliver(), under the mailbox's lock: it must not wait.
thread_local bool delivering = false;

// Stages and values of a message on its way.
struct message_body {
  const caf::mailbox_element& what;
  message_values values;

  explicit message_body(const caf::mailbox_element& element)
      : what(element), values(element.content()) {}

  void count(size_counter& out) const {
    for (auto& stage : what.stages)
      put(out, stage);
    values.count(out);
  }
  void save(writer& out) const {
    for (auto& stage : what.stages)
      put(out, stage);
    values.save(out);
  }
};

struct error_body {
  const caf::error& what;
  void count(size_counter& out) const { put(out, what); }
  void save(writer& out) const { put(out, what); }
};

caf::error error_of(caf::sec code, std::string text) {
  return caf::make_error(code, std::move(text));
}

void answer_with(const caf::strong_actor_ptr& requester,
                 caf::message_id request, caf::error problem) {
  if (requester && request.is_request())
    requester->enqueue(nullptr, request.response_id(),
                       caf::make_message(std::move(problem)), nullptr);
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
  stop_at_runtime_end([made] { made->stop(); });
  return *made;
}

local_node::local_node()
    : address_(process_address::mine()), inbox_(own_inbox()),
      peers_([this](process_address process) { post_ended(process); }) {}

void local_node::make_system(std::size_t workers) {
  config_.module_factories.push_back(
      [this, workers](caf::actor_system& system) {
        scheduler_ = new scheduler{system, inbox_, workers,
                                   [this](caf_compat::executor& executor) {
                                     return read_one(executor);
                                   }};
        return static_cast<caf::actor_system::module*>(scheduler_);
      });
  config_.module_factories.push_back([this](caf::actor_system& system) {
    return static_cast<caf::actor_system::module*>(
        new caf::net::middleman{system, node_of(address_)});
  });
  system_ = std::make_unique<caf::actor_system>(config_);
}

bool local_node::read_one(caf_compat::executor& executor) {
  return inbox_.take(
             [&](const incoming& message) {
               deliver(message, executor);
               return verdict::consume;
             },
             deadline::now())
         == take_status::done;
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

// -- towards other processes --------------------------------------------------

void local_node::forward(peer& to, std::uint64_t receiver,
                         caf::mailbox_element& what) {
  caf::error problem;
  try {
    // Answers are never held up: somebody waits for them.
    if (!what.mid.is_response() && to.congested())
      wait_for_room(to);
    if (send(to, receiver, what))
      return;
    problem = caf::sec::request_receiver_down;
  } catch (const std::exception& found) {
    if (!what.mid.is_request() && !what.mid.is_response())
      tell(fmt::format("a message to an actor in another process is lost: {}",
                       found.what()));
    problem = error_of(caf::sec::invalid_argument, found.what());
  }
  if (what.mid.is_response()) {
    // The requester waits; what cannot travel is told instead.
    if (!to.gone()) {
      auto failure = caf::make_mailbox_element(
          nullptr, what.mid, {}, caf::make_message(std::move(problem)));
      try {
        send(to, receiver, *failure);
      } catch (const std::exception& found) {
        tell(fmt::format("an answer to another process is lost: {}",
                         found.what()));
      }
    }
    return;
  }
  answer_with(what.sender, what.mid, std::move(problem));
}

// A sender that is faster than the other process's actors waits a little for
// each message, but goes on reading its own mailbox: the other may be waiting
// for it in the same way.
void local_node::wait_for_room(const peer& to) {
  if (delivering)
    return;
  auto until = deadline::in(longest_wait_for_room);
  auto room = [&] { return !to.congested(); };
  while (!scheduler_->help(room, until)
         && std::chrono::steady_clock::now() < until.at)
    std::this_thread::sleep_for(wait_slice);
}

// False when `to` is gone, and the request, if it is one, unanswered.
bool local_node::send(peer& to, std::uint64_t receiver,
                      caf::mailbox_element& what) {
  if (to.gone())
    return false;
  message_body body{what};
  frame_header header;
  header.stages = static_cast<std::uint32_t>(what.stages.size());
  header.from = address_;
  header.receiver = receiver;
  header.id = what.mid.integer_value();
  auto& sender = what.sender;
  bool request = what.mid.is_request();
  bool ours = false;
  if (sender) {
    auto process = process_of(sender->node());
    ours = process == address_;
    if (process)
      header.sender = {process->slot, process->serial, sender->id()};
    if (ours && !is_port(sender->id()) && !what.mid.is_response())
      export_actor(sender);
  }
  if (request && ours) {
    auto key = key_of(sender->id(), what.mid);
    requests_.add(key, {sender, to.address()});
    bool sent = false;
    try {
      sent = to.ship(header, body);
    } catch (...) {
      requests_.take(key);
      throw;
    }
    // When it went meanwhile, either we or on_ended() takes the request.
    return (sent && !to.gone()) || !requests_.take(key).requester;
  }
  if (request && header.sender.id != 0) {
    // Handed on for a third process, which is told first: the answer must not
    // overtake that.
    process_address theirs{header.sender.slot, header.sender.serial};
    frame_header note;
    note.kind = frame_kind::moved;
    note.from = address_;
    note.sender = {to.address().slot, to.address().serial, 0};
    note.receiver = header.sender.id;
    note.id = header.id;
    peers_.get(theirs)->ship(note, no_body{});
    if (!to.ship(header, body))
      return false;
    if (auto* slip = dynamic_cast<reply_slip*>(sender->get()))
      slip->settle();
    return true;
  }
  return to.ship(header, body);
}

void local_node::watch(peer& to, caf::strong_actor_ptr of) {
  frame_header header;
  header.kind = frame_kind::watch;
  header.from = address_;
  header.receiver = of->id();
  proxies_.keep(std::move(of));
  try {
    if (!to.ship(header, no_body{}) || to.gone())
      post_ended(to.address()); // not here: the caller may hold a lock
  } catch (const std::exception& problem) {
    tell(fmt::format("watching an actor in another process: {}; its end will "
                     "be seen only when that process ends",
                     problem.what()));
  }
}

void local_node::break_promise(peer& to, std::uint64_t requester,
                               caf::message_id request) {
  if (stopped_.load())
    return;
  auto answer = caf::make_mailbox_element(
      nullptr, request.response_id(), {},
      caf::make_message(caf_compat::broken_promise()));
  try {
    send(to, requester, *answer);
  } catch (const std::exception& problem) {
    tell(fmt::format("an answer to another process is lost: {}",
                     problem.what()));
  }
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

caf::strong_actor_ptr local_node::dead_actor(process_address process,
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
  process_address process{words.slot, words.serial};
  if (process == address_) {
    if (auto found = exports_.find(words.id))
      return found;
    return dead_actor(process, words.id);
  }
  auto of = peers_.get(process);
  auto result = proxies_.get(*system_, of, words.id);
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

// Into our own mailbox: behind all that the process has put there.
void local_node::post_ended(process_address process) noexcept {
  if (stopped_.load())
    return;
  frame_header header;
  header.kind = frame_kind::ended;
  header.from = process;
  no_body nothing;
  frame<no_body> whole{header, nothing};
  try {
    inbox_.put(whole.as_outgoing(), deadline::never());
  } catch (const std::exception& problem) {
    tell(fmt::format("the end of a process is not told to its watchers: {}",
                     problem.what()));
  }
}

// -- what arrives -------------------------------------------------------------

void local_node::deliver(const incoming& message,
                         caf_compat::executor& executor) {
  delivering = true;
  struct at_end {
    ~at_end() { delivering = false; }
  } last;
  try {
    if (message.type != frame_type)
      throw error(errc::protocol, "it is none for actors");
    reader in{message.bytes, message.refs, "message between processes"};
    frame_header header;
    in.copy(&header, sizeof header, "header");
    switch (header.kind) {
    case frame_kind::message:
      deliver_message(header, in, executor);
      return;
    case frame_kind::watch:
      on_watch(header);
      return;
    case frame_kind::down:
      on_down(header, in, executor);
      return;
    case frame_kind::moved:
      requests_.move(key_of(header.receiver, caf::message_id{header.id}),
                     {header.sender.slot, header.sender.serial});
      return;
    case frame_kind::run:
      deliver_run(header, message, in, executor);
      return;
    case frame_kind::stop: {
      std::scoped_lock lock{stop_guard_};
      stop_asked_ = true;
      stop_changed_.notify_all();
      return;
    }
    case frame_kind::ended:
      on_ended(header.from, executor);
      return;
    }
    throw error(errc::protocol, "its kind is unknown");
  } catch (const std::exception& problem) {
    tell(fmt::format("a message to this process is dropped: {}",
                     problem.what()));
  }
}

caf::strong_actor_ptr local_node::slip_of(const frame_header& header) {
  caf::actor_config config;
  auto to = peers_.get({header.sender.slot, header.sender.serial});
  return caf::make_actor<reply_slip, caf::strong_actor_ptr>(
      header.sender.id, to->node(), system_.get(), config, to,
      caf::message_id{header.id});
}

void local_node::deliver_message(const frame_header& header, reader& in,
                                 caf_compat::executor& executor) {
  caf::message_id id{header.id};
  caf::strong_actor_ptr receiver;
  if (id.is_response()) {
    // Only who still waits gets it.
    receiver = requests_.take(key_of(header.receiver, id)).requester;
    if (!receiver)
      return;
  } else {
    receiver = exports_.find(header.receiver);
    if (!receiver && header.receiver == registrar_id)
      receiver = own_registrar();
  }
  caf::strong_actor_ptr sender;
  if (header.sender.id != 0) {
    if (!id.is_request())
      sender = actor_of(header.sender);
    else if (process_address{header.sender.slot, header.sender.serial}
             == address_)
      // Our own request, handed on back to us: the answer goes straight.
      sender = requests_.take(key_of(header.sender.id, id)).requester;
    else
      sender = slip_of(header);
  }
  if (!receiver) {
    answer_with(sender, id, caf::sec::request_receiver_down);
    return;
  }
  try {
    caf::mailbox_element::forwarding_stack stages;
    for (std::uint32_t i = 0; i < header.stages; ++i)
      stages.push_back(take<caf::strong_actor_ptr>(in));
    auto bytes = in.left();
    auto values = load_message(in);
    in.finish();
    receiver->enqueue(caf::mailbox_element_ptr{new counted_element{
                          std::move(sender), id, std::move(stages),
                          std::move(values), unprocessed_, bytes}},
                      &executor);
  } catch (const std::exception& problem) {
    auto failure = error_of(caf::sec::invalid_argument, problem.what());
    if (id.is_response())
      receiver->enqueue(nullptr, id, caf::make_message(std::move(failure)),
                        &executor);
    else if (id.is_request())
      answer_with(sender, id, std::move(failure));
    else
      throw;
  }
}

namespace {

// Makes an actor, outside the mailbox's lock.
class spawning final : public caf::resumable, public caf::ref_counted {
public:
  spawning(caf::actor_system& system, std::unique_ptr<spawn_job> job,
           caf::strong_actor_ptr asked_by, caf::message_id question)
      : system_(system), job_(std::move(job)), asked_by_(std::move(asked_by)),
        question_(question) {}

  subtype_t subtype() const override { return function_object; }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }

  resume_result resume(caf_compat::executor* executor, std::size_t) override {
    caf::message answer;
    try {
      answer = caf::make_message(job_->run(system_));
    } catch (const std::exception& problem) {
      answer = caf::make_message(
          error_of(caf::sec::cannot_spawn_actor_from_arguments,
                   fmt::format("making the actor threw {}", problem.what())));
    }
    job_.reset(); // what it holds is let go of before others know
    asked_by_->enqueue(nullptr, question_.response_id(), std::move(answer),
                       executor);
    return done;
  }

private:
  caf::actor_system& system_;
  std::unique_ptr<spawn_job> job_;
  caf::strong_actor_ptr asked_by_;
  caf::message_id question_;
};

} // namespace

void local_node::deliver_run(const frame_header& header,
                             const incoming& message, reader& in,
                             caf_compat::executor& executor) {
  auto asked_by = slip_of(header);
  caf::message_id question{header.id};
  try {
    executor.exec_later(
        new spawning{*system_, load_run(in, message), asked_by, question});
  } catch (const std::exception& problem) {
    answer_with(
        asked_by, question,
        error_of(caf::sec::cannot_spawn_actor_from_arguments, problem.what()));
  }
}

void local_node::on_watch(const frame_header& header) {
  if (exports_.watch(header.receiver, header.from))
    return;
  frame_header answer;
  answer.kind = frame_kind::down;
  answer.from = address_;
  answer.receiver = header.receiver;
  auto reason = caf::make_error(caf::exit_reason::unknown);
  peers_.get(header.from)->ship(answer, error_body{reason});
}

void local_node::on_down(const frame_header& header, reader& in,
                         caf_compat::executor& executor) {
  auto reason = take<caf::error>(in);
  if (auto one = proxies_.take(header.from, header.receiver))
    static_cast<proxy*>(one->get())->kill_proxy(&executor, std::move(reason));
}

void local_node::on_ended(process_address process,
                          caf_compat::executor& executor) {
  peers_.get(process)->set_gone();
  for (auto& [key, request] : requests_.take_all(process)) {
    auto id =
        caf::message_id{key.response | caf::message_id::response_flag_mask};
    request.requester->enqueue(
        nullptr, id,
        caf::make_message(caf::make_error(caf::sec::request_receiver_down)),
        &executor);
  }
  for (auto& one : proxies_.take_all(process))
    static_cast<proxy*>(one->get())
        ->kill_proxy(&executor, caf::make_error(
                                    caf::exit_reason::remote_link_unreachable));
}

// -- for the codec ------------------------------------------------------------

actor_words export_actor(const caf::strong_actor_ptr& actor) {
  return actor ? local_node::mine().words_of(actor) : actor_words{};
}

caf::strong_actor_ptr import_actor(const actor_words& words) {
  return words.id == 0 ? nullptr : local_node::mine().actor_of(words);
}

} // namespace ramet::detail
