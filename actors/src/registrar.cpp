// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "registrar.hpp"

#include "callback_thread.hpp"
#include "family.hpp"
#include "first_child.hpp"
#include "local_node.hpp"
#include "member_watch.hpp"
#include "self.hpp"

#include <ramet/error.hpp>
#include <ramet/groups.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ramet::detail {

namespace {

using pointer = caf::strong_actor_ptr;
using pointers = std::vector<pointer>;

struct named {
  std::string interface;
  pointer actor;
};

struct waiting {
  std::uint64_t number = 0;
  std::string name;
  caf::response_promise answer;
};

struct members {
  pointers joined;
  pointers subscribers;
};

bool contains(const pointers& list, const pointer& one) {
  return std::ranges::find(list, one) != list.end();
}

struct registrar_state {
  std::map<std::string, named> names;
  std::map<std::string, members> groups;
  std::vector<waiting> waiters;
  std::uint64_t last_number = 0;
  std::map<caf::actor_addr, bool> watched;
};
using self_pointer = caf::stateful_actor<registrar_state>*;

std::vector<caf::actor> handles_of(const pointers& list) {
  std::vector<caf::actor> result;
  for (auto& one : list)
    result.push_back(caf::actor_cast<caf::actor>(one));
  return result;
}

// Until it ends; once is enough.
void watch(self_pointer self, const pointer& actor) {
  auto address = caf::actor_cast<caf::actor_addr>(actor);
  if (caf_compat::state_of(self).watched.try_emplace(address, true).second)
    caf_compat::monitor(self, actor);
}

bool give_name(self_pointer self, const std::string& name,
               const std::string& interface, const pointer& actor) {
  auto& state = caf_compat::state_of(self);
  auto [place, added] = state.names.try_emplace(name, named{interface, actor});
  if (!added)
    return place->second.actor == actor;
  watch(self, actor);
  std::erase_if(state.waiters, [&](waiting& one) {
    if (one.name != name)
      return false;
    one.answer.deliver(interface, actor);
    return true;
  });
  return true;
}

void tell(const std::string& name, const members& group, membership what,
          const pointer& actor) {
  for (auto& one : group.subscribers)
    send_anonymously(one, caf::make_message(group_event{
                              what, name, caf::actor_cast<caf::actor>(actor)}));
}

bool join(self_pointer self, const std::string& name, const pointer& actor) {
  auto& group = caf_compat::state_of(self).groups[name];
  if (contains(group.joined, actor))
    return false;
  watch(self, actor);
  group.joined.push_back(actor);
  tell(name, group, membership::joined, actor);
  return true;
}

bool leave(const std::string& name, members& group, const pointer& actor) {
  if (std::erase(group.joined, actor) == 0)
    return false;
  tell(name, group, membership::left, actor);
  return true;
}

void forget(self_pointer self, const caf::actor_addr& gone) {
  auto& state = caf_compat::state_of(self);
  state.watched.erase(gone);
  std::erase_if(state.names,
                [&](auto& one) { return one.second.actor == gone; });
  for (auto& [name, group] : state.groups) {
    std::erase_if(group.subscribers, [&](auto& one) { return one == gone; });
    auto found = std::ranges::find_if(group.joined,
                                      [&](auto& one) { return one == gone; });
    if (found != group.joined.end())
      leave(name, group, pointer{*found});
  }
  std::erase_if(state.groups, [](auto& one) {
    return one.second.joined.empty() && one.second.subscribers.empty();
  });
}

caf::behavior keep_names(self_pointer self) {
  caf_compat::on_down(self, [self](const caf::down_msg& message) {
    forget(self, message.source);
  });
  caf_compat::on_exit_message(
      self, [](const caf::exit_msg&) {}); // ends with the process
  auto& state = caf_compat::state_of(self);
  auto found = [&state](const std::string& name) {
    auto place = state.names.find(name);
    return place == state.names.end() ? named{} : place->second;
  };
  return {
      [=](register_atom, const std::string& name, const std::string& interface,
          const pointer& actor) {
        return give_name(self, name, interface, actor);
      },
      [&state](unregister_atom, const std::string& name) {
        return state.names.erase(name) != 0;
      },
      [=](find_atom, const std::string& name) {
        auto one = found(name);
        return caf::make_message(one.interface, one.actor);
      },
      // The time is in microseconds; 0: for ever.
      [=](await_atom, const std::string& name, std::uint64_t time) {
        auto answer = self->make_response_promise();
        if (auto one = found(name); one.actor) {
          answer.deliver(one.interface, one.actor);
          return;
        }
        auto number = ++caf_compat::state_of(self).last_number;
        caf_compat::state_of(self).waiters.push_back({number, name, answer});
        if (time != 0)
          caf_compat::send_later(self, std::chrono::microseconds{time},
                                 give_up_atom::value, number);
      },
      [&state](give_up_atom, std::uint64_t number) {
        std::erase_if(state.waiters, [&](waiting& one) {
          if (one.number != number)
            return false;
          one.answer.deliver(std::string{}, pointer{});
          return true;
        });
      },
      [=](join_atom, const std::string& name, const pointer& actor) {
        return join(self, name, actor);
      },
      [&state](leave_atom, const std::string& name, const pointer& actor) {
        return leave(name, state.groups[name], actor);
      },
      [&state](members_atom, const std::string& name) {
        return handles_of(state.groups[name].joined);
      },
      [=](subscribe_atom, const std::string& name, const pointer& actor) {
        auto& group = caf_compat::state_of(self).groups[name];
        if (!contains(group.subscribers, actor)) {
          watch(self, actor);
          group.subscribers.push_back(actor);
        }
        return handles_of(group.joined);
      },
      [&state](unsubscribe_atom, const std::string& name,
               const pointer& actor) {
        return std::erase(state.groups[name].subscribers, actor) != 0;
      },
  };
}

// The first process may never use actors itself: until it does, the first
// message to its mailbox is what makes it do so.
void listen_in_first_process() {
  if (self::mine().parent || local_node::exists())
    return;
  try {
    static auto* inbox = new mailbox{local_node::own_inbox()};
    watch_descriptor(inbox->native_handle(), [] {
      callback_thread::mine().post([] {
        try {
          local_node::mine();
        } catch (const error&) { // the runtime ends
        }
      });
    });
    if (local_node::exists()) // since a moment ago
      inbox->stop_ringing();
  } catch (const error&) { // there can be no bell: names need more than this
  }
}

[[maybe_unused]] const bool listens =
    (before_first_child(listen_in_first_process), true);

member_id first_process() {
  auto& founder = family::mine().entry(0);
  auto serial = founder.serial.load();
  if (serial == 0 || founder.parent_serial.load() != 0)
    throw error(errc::closed, "names and groups of actors: the first process "
                              "of the family, which keeps them, has ended");
  return {0, serial};
}

} // namespace

caf::strong_actor_ptr own_registrar() {
  if (family::mine().slot() != 0)
    return nullptr;
  static auto* instance = new auto(caf::actor_cast<caf::strong_actor_ptr>(
      local_node::mine().system().spawn<caf::hidden + caf::lazy_init>(
          keep_names)));
  return *instance;
}

caf::actor registrar() {
  if (auto own = own_registrar())
    return caf::actor_cast<caf::actor>(own);
  auto first = first_process();
  return caf::actor_cast<caf::actor>(
      local_node::mine().actor_of({first.slot, first.serial, registrar_id}));
}

} // namespace ramet::detail
