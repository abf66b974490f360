// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "source_core.hpp"

#include "callback_thread.hpp"
#include "local_node.hpp"
#include "source_pump.hpp"

#include <ramet/error.hpp>

#include <caf/attachable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace ramet::detail {

namespace {

// Nobody tells when a supervised actor is back.
constexpr std::chrono::milliseconds between_probes{20};

// Ends a source with its actor.
class end_watch final : public caf::attachable {
public:
  explicit end_watch(const std::shared_ptr<source_core>& of)
      : of_(of), key_(of.get()) {}

  static token named(const source_core* of) { return {token::anonymous, of}; }
  void actor_exited(const caf::error&, caf_compat::executor*) override {
    if (auto of = of_.lock())
      of->actor_ended();
  }
  bool matches(const token& what) override {
    return what.subtype == token::anonymous && what.ptr == key_;
  }

private:
  std::weak_ptr<source_core> of_;
  const void* key_;
};

bool says_down(const caf::error& problem) {
  return problem == caf::sec::request_receiver_down;
}

// So does a dropped promise: an actor that ends drops those that it holds.
bool raises_doubt(const caf::error& problem) {
  return says_down(problem) || problem == caf_compat::broken_promise();
}

// The answer of the actor itself, whatever it is, tells that it is there.
class probe final : public answer_sink {
public:
  explicit probe(std::shared_ptr<source_core> of) : of_(std::move(of)) {}

  void answer(caf::message&& values) noexcept override {
    of_->actor_found(!values.match_elements<caf::error>()
                     || !says_down(values.get_as<caf::error>(0)));
  }

private:
  std::shared_ptr<source_core> of_;
};

bool is_stable(const caf::strong_actor_ptr& actor) {
  auto process = process_of(actor->node());
  return process && process->slot == actor_words::stable;
}

caf::error error_of(caf::sec code, const char* text) {
  return caf::make_error(code, std::string{text});
}

} // namespace

source_core::source_core(std::unique_ptr<inlet> from, caf::strong_actor_ptr to,
                         source_options options)
    : from_(std::move(from)), to_(std::move(to)), options_(std::move(options)),
      replaced_(is_stable(to_)) {}

void source_core::watch_actor() {
  to_->get()->attach(std::make_unique<end_watch>(shared_from_this()));
}

void source_core::stop() noexcept {
  stopping_.store(true);
  source_pump::mine().wake();
}

bool source_core::wait(deadline until) {
  if (ended() || until.is_now())
    return ended();
  asleep here;
  auto done = [this] { return ended(); };
  std::unique_lock lock{guard_};
  if (!until.is_never())
    return changed_.wait_until(lock, until.at, done);
  changed_.wait(lock, done);
  return true;
}

void source_core::answer(caf::message&& values) noexcept {
  bool doubt = false;
  if (values.match_elements<caf::error>()) {
    auto problem = values.get_as<caf::error>(0);
    if (raises_doubt(problem)) {
      auto before = trust::sure;
      doubt = trust_.compare_exchange_strong(before, trust::doubtful);
    }
    if (options_.on_error)
      tell(std::move(problem));
  }
  auto left = with_actor_.fetch_sub(1) - 1;
  // Not for each: half a window is what the actor goes on with meanwhile.
  if (doubt || left == options_.window / 2 || (left == 0 && drained_.load()))
    source_pump::mine().wake();
}

void source_core::actor_ended() noexcept {
  actor_ended_.store(true);
  source_pump::mine().wake();
}

void source_core::actor_found(bool there) noexcept {
  if (there)
    trust_.store(trust::sure);
  else if (replaced_)
    trust_.store(trust::absent);
  else
    return; // the watch tells any moment
  source_pump::mine().wake();
}

bool source_core::step() noexcept {
  if (ended())
    return false;
  if (stopping_.load() || actor_ended_.load()
      || (drained_.load() && with_actor_.load() == 0)) {
    end();
    return false;
  }
  try {
    see_to_doubt();
    if (!may_take())
      return false;
    auto gate = from_->what();
    return gate.ready(gate.thing) && pass_on();
  } catch (const error& problem) {
    if (problem.code() == errc::closed)
      drained();
    else if (problem.code() == errc::protocol)
      trouble(error_of(caf::sec::invalid_argument, problem.what()));
    else
      give_up(error_of(problem.code() == errc::type_mismatch
                           ? caf::sec::unexpected_message
                           : caf::sec::runtime_error,
                       problem.what()));
  } catch (const std::exception& problem) { // of a type's own decoding
    trouble(error_of(caf::sec::invalid_argument, problem.what()));
  }
  return true;
}

// Room first: an answer that raises a doubt does so before it makes room.
bool source_core::may_take() const noexcept {
  return with_actor_.load() < options_.window && trust_.load() == trust::sure
         && !drained_.load();
}

bool source_core::wants_items() const noexcept {
  return may_take() && !ended();
}

deadline source_core::next_look() const noexcept {
  return trust_.load() == trust::doubtful && !ended() ? next_probe_
                                                      : deadline::never();
}

bool source_core::pass_on() {
  auto item = from_->take();
  if (!item)
    return false;
  auto request = caf_compat::make_element(make_port(shared_from_this()),
                                          question_id(), std::move(*item));
  with_actor_.fetch_add(1);
  to_->enqueue(std::move(request), nullptr);
  return true;
}

void source_core::drained() {
  if (options_.announce_end)
    to_->enqueue(caf_compat::make_element(nullptr, caf::make_message_id(),
                                          end_of_source{}),
                 nullptr);
  drained_.store(true);
}

void source_core::give_up(caf::error why) noexcept {
  trouble(std::move(why));
  end();
}

void source_core::see_to_doubt() {
  auto now = std::chrono::steady_clock::now();
  switch (trust_.load()) {
  case trust::absent:
    next_probe_ = deadline::in(between_probes);
    trust_.store(trust::doubtful);
    return;
  case trust::doubtful:
    if (now < next_probe_.at)
      return;
    next_probe_ = deadline::now(); // of the next doubt
    trust_.store(trust::asked);
    // Actors of CAF answer this one themselves, whatever their behavior.
    to_->enqueue(caf_compat::make_element(
                     make_port(std::make_shared<probe>(shared_from_this())),
                     question_id(), caf_compat::info_question()),
                 nullptr);
    return;
  case trust::asked:
  case trust::sure:
    return;
  }
}

void source_core::end() noexcept {
  if (ended())
    return;
  to_->get()->detach(end_watch::named(this));
  from_.reset();
  to_ = nullptr;
  {
    std::scoped_lock lock{guard_};
    ended_.store(true);
  }
  changed_.notify_all();
}

// To the user, in a thread that may take its time.
void source_core::tell(caf::error problem) noexcept {
  try {
    callback_thread::mine().post(
        [self = shared_from_this(), problem = std::move(problem)] {
          self->options_.on_error(problem);
        });
  } catch (const std::exception&) { // out of memory: it counts all the same
  }
}

void source_core::trouble(caf::error problem) noexcept {
  if (options_.on_error) {
    tell(std::move(problem));
    return;
  }
  try {
    auto line =
        fmt::format("ramet: feeding an actor: {}\n",
                    caf_compat::render(local_node::mine().system(), problem));
    std::fwrite(line.data(), 1, line.size(), stderr);
  } catch (const std::exception&) { // out of memory
  }
}

std::shared_ptr<source_core> start_source(std::unique_ptr<inlet> from,
                                          caf::strong_actor_ptr to,
                                          source_options options,
                                          bool accepts_end) {
  if (!to)
    throw error(errc::closed, "feeding an actor: the handle is empty");
  if (options.announce_end && !accepts_end)
    throw error(errc::type_mismatch,
                "feeding an actor: announce_end is set, and this actor's "
                "interface has no handler for ramet::end_of_source");
  options.window = std::max<std::size_t>(options.window, 1);
  static_cast<void>(local_node::mine()); // its end is to come first
  auto gate = from->what();
  gate.arm(gate.thing); // what it costs is paid here, and fails here
  auto made = std::make_shared<source_core>(std::move(from), std::move(to),
                                            std::move(options));
  made->watch_actor();
  source_pump::mine().add(made);
  return made;
}

} // namespace ramet::detail
