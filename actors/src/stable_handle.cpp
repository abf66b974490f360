// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "stable_handle.hpp"

#include "function_job.hpp"
#include "local_node.hpp"

#include <ramet/error.hpp>

#include <caf/make_actor.hpp>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace ramet::detail {

namespace {

constexpr member_id stable_process{actor_words::stable, 0};

stable_cell& cell_of(const object& memory) {
  return *reinterpret_cast<stable_cell*>(memory.data());
}

actor_words read_cell(const stable_cell& cell) {
  for (;;) {
    auto version = cell.version.load(std::memory_order_acquire);
    auto& place = cell.places[version % 2];
    auto process = place.process.load(std::memory_order_relaxed);
    auto id = place.id.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    // It is rewritten only after the version has moved on.
    if (cell.version.load(std::memory_order_relaxed) == version)
      return {static_cast<std::uint32_t>(process),
              static_cast<std::uint32_t>(process >> 32), id};
  }
}

/// What users of a stable handle have.
class stable_proxy final : public caf_compat::own_proxy<stable_proxy> {
public:
  stable_proxy(caf::actor_config& config, object_ptr memory)
      : own_proxy(config), memory_(std::move(memory)) {}

  const char* name() const override { return "ramet::stable_proxy"; }

  void receive(caf::mailbox_element_ptr what, caf_compat::executor* executor) {
    if (caf_compat::holds<caf::exit_msg>(*what))
      take_link_back(*what);
    auto to = target();
    if (to)
      to->enqueue(std::move(what), executor);
    else if (what->sender && what->mid.is_request())
      caf_compat::deliver(
          what->sender, what->mid.response_id(),
          caf::make_message(caf::make_error(caf::sec::request_receiver_down)),
          executor);
  }

  void kill_proxy(caf_compat::executor* executor, caf::error reason) override {
    cleanup(std::move(reason), executor);
  }

  void on_last_handle();

  // Actors come and go behind this handle, so the keeper's process knows its
  // links: if a linked actor is killed, it tells the actor that is there then.
  bool on_linked(caf::abstract_actor& actor) {
    auto process = keeper_process();
    return !process
           || local_node::mine().link(*process, actor.id(), keeper().id);
  }
  void on_unlinked(caf::abstract_actor& actor) { unlink(actor.id()); }

  // This object may be locked, so nothing is done at once should the keeper
  // have ended.
  void on_observed() {
    if (watched_.exchange(true))
      return;
    auto keeper = import_actor(cell_of(*memory_).keeper);
    caf::strong_actor_ptr self{ctrl()};
    local_node::mine().threads().add(make_job([self,
                                               keeper](caf_compat::executor&) {
      keeper->get()->attach_functor([self](const caf::error& reason) {
        static_cast<stable_proxy*>(self->get())->kill_proxy(nullptr, reason);
      });
    }));
  }

private:
  const actor_words& keeper() const { return cell_of(*memory_).keeper; }

  // Null: it is this one.
  peer_ptr keeper_process() const {
    member_id process{keeper().slot, keeper().serial};
    auto& here = local_node::mine();
    return process == here.address() ? nullptr : here.peer_of(process);
  }

  void unlink(std::uint64_t actor) {
    if (auto process = keeper_process())
      local_node::mine().unlink(*process, actor, keeper().id);
  }

  // An actor that has told of its end itself needs nobody to do so.
  void take_link_back(const caf::mailbox_element& told) {
    auto& source =
        caf_compat::contents_of(told).get_as<caf::exit_msg>(0).source;
    if (source && source.node() == local_node::mine().system().node())
      unlink(source.id());
  }

  // The actor behind it; the last one is remembered.
  caf::strong_actor_ptr target() {
    auto words = read_cell(cell_of(*memory_));
    std::scoped_lock lock{guard_};
    if (words.id != known_.id || words.slot != known_.slot
        || words.serial != known_.serial) {
      target_ = import_actor(words);
      known_ = words;
    }
    return target_;
  }

  object_ptr memory_;
  std::mutex guard_; // of the two below
  actor_words known_;
  caf::strong_actor_ptr target_;
  std::atomic<bool> watched_{false};
};

// One a cell, so that equal handles are one.
struct stable_proxies {
  std::mutex guard; // of the map
  std::unordered_map<std::uint64_t, caf::weak_actor_ptr> map;

  static stable_proxies& mine() {
    static auto* instance = new stable_proxies;
    return *instance;
  }
};

caf::strong_actor_ptr proxy_for(const object_ptr& memory) {
  auto& all = stable_proxies::mine();
  std::scoped_lock lock{all.guard};
  auto& place = all.map[memory->id()];
  if (auto found = place.lock())
    return found;
  caf::actor_config config;
  auto made = caf::make_actor<stable_proxy, caf::strong_actor_ptr>(
      memory->id(), node_of(stable_process), &local_node::mine().system(),
      config, memory);
  place = caf::weak_actor_ptr{made.get()};
  return made;
}

void stable_proxy::on_last_handle() {
  {
    auto& all = stable_proxies::mine();
    std::scoped_lock lock{all.guard};
    if (auto found = all.map.find(id());
        found != all.map.end() && found->second.get() == ctrl())
      all.map.erase(found);
  }
}

} // namespace

stable_handle::stable_handle(const caf::strong_actor_ptr& keeper)
    : object_(make_object(
        object_kind::block, sizeof(stable_cell), sizeof(stable_cell),
        [&](object& made) { cell_of(made).keeper = export_actor(keeper); })),
      handle_(proxy_for(object_)) {}

void stable_handle::lead_to(const caf::strong_actor_ptr& actor) {
  auto words = export_actor(actor);
  auto& cell = cell_of(*object_);
  auto next = cell.version.load(std::memory_order_relaxed) + 1;
  auto& place = cell.places[next % 2];
  place.process.store(words.slot | std::uint64_t{words.serial} << 32,
                      std::memory_order_relaxed);
  place.id.store(words.id, std::memory_order_relaxed);
  cell.version.store(next, std::memory_order_release);
}

object_ref stable_ref(const actor_words& words) {
  return {words.id, object_kind::block, 0};
}

caf::strong_actor_ptr import_stable_actor(const actor_words& words,
                                          object_ref ref) {
  if (ref.object != words.id)
    throw error(errc::protocol, "decoding a stable handle of an actor: it "
                                "names two objects; the message was damaged");
  return proxy_for(open_object({ref.object, object_kind::block, 0}));
}

} // namespace ramet::detail
