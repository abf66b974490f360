// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// All that ramet uses of CAF and that differs between 0.17 and 1.x, under
/// names of ramet's own; nothing outside this file names what differs, and a
/// test (tests/layering/caf_names.cmake) makes sure. What is used elsewhere by
/// CAF's name is the same in both.
///
/// Only 0.17 is supported. Where little is to be done for 1.x the branch for it
/// is here; it has been checked against the headers of 1.1 for syntax, nothing
/// more. What takes another design there is in 0.17's form alone, and its
/// comment says what 1.x has instead:
///
/// - values without their types (`contents`, `own_element`): messages are made
///   of registered types only;
/// - `sendable`: every type of a value needs a number, given by a macro;
/// - `atom`: types, which need such numbers, too;
/// - `error_of` of a code: errors are made of the enumerations of registered
///   categories;
/// - `own_proxy`: who attaches to an actor cannot be seen by a derived class;
/// - `own_scheduler`, `set_scheduler`: the clock is a part by itself, and parts
///   are put in place by other means.

#pragma once

#include <ramet/detail/exception_text.hpp>

#include <caf/config.hpp>

#if CAF_MAJOR_VERSION != 0
#error "ramet: this version of CAF is not supported yet; see caf_compat.hpp"
#endif

#include <caf/actor_control_block.hpp>
#include <caf/actor_proxy.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/attachable.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>
#include <caf/ref_counted.hpp>
#include <caf/response_type.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#if CAF_MAJOR_VERSION == 0
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/default_attachable.hpp>
#include <caf/detail/dynamic_message_data.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/duration.hpp>
#include <caf/execution_unit.hpp>
#include <caf/make_message.hpp>
#include <caf/make_type_erased_value.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/optional.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/type_erased_tuple.hpp>
#include <caf/type_erased_value.hpp>
#include <caf/type_nr.hpp>
#else
#include <caf/detail/actor_system_access.hpp>
#include <caf/scheduler.hpp>
#endif

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

namespace ramet::detail::caf_compat {

// -- errors -------------------------------------------------------------------
//
// 1.x: caf::to_string(error); sec::broken_promise; categories are numbers of
// types (type_id_t), not atoms, and error(code, category, context) is private.

// Templates, so that what they put into messages is looked at where they are
// used: after the specialization of sendable.

/// The answer to a request whose response promise was dropped.
template <class Text = std::string>
caf::error broken_promise() {
#if CAF_MAJOR_VERSION == 0
  return caf::make_error(caf::sec::runtime_error,
                         Text{"the promise to answer was dropped"});
#else
  return caf::make_error(caf::sec::broken_promise);
#endif
}

/// The end of an actor by an exception. 0.17 itself keeps nothing of that but
/// the code; 1.x does.
template <class Text = std::string>
caf::error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    return caf::make_error(caf::sec::runtime_error,
                           Text{boost::core::demangle(typeid(problem).name())
                                + ": " + text_of(problem)});
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error,
                           Text{"something that is no std::exception"});
  }
}

#if CAF_MAJOR_VERSION == 0
using exception_handler = caf::error (*)(caf::scheduled_actor*,
                                         std::exception_ptr&);

/// Replaces CAF's own handler, but none of the actor's.
/// 1.x: not needed, its own makes such an error.
inline void handle_exceptions(caf::scheduled_actor& actor,
                              exception_handler handler) {
  struct opened : caf::scheduled_actor {
    static auto& handler_of(caf::scheduled_actor& x) {
      return x.*(&opened::exception_handler_);
    }
  };
  auto* present = opened::handler_of(actor).target<exception_handler>();
  if (present && *present == &caf::scheduled_actor::default_exception_handler)
    actor.set_exception_handler(
        caf::scheduled_actor::exception_handler{handler});
}
#endif

inline std::string render([[maybe_unused]] caf::actor_system& system,
                          const caf::error& problem) {
#if CAF_MAJOR_VERSION == 0
  return system.render(problem);
#else
  return caf::to_string(problem);
#endif
}

/// Whether it is a caf::exit_reason.
inline bool is_exit_reason(const caf::error& problem) {
#if CAF_MAJOR_VERSION == 0
  return problem.category() == caf::atom("exit");
#else
  return problem && problem.category() == caf::type_id_v<caf::exit_reason>;
#endif
}

inline std::uint64_t category_of(const caf::error& problem) {
  return static_cast<std::uint64_t>(problem.category());
}

#if CAF_MAJOR_VERSION == 0
inline caf::error error_of(std::uint8_t code, std::uint64_t category,
                           caf::message context) {
  return {code, static_cast<caf::atom_value>(category), std::move(context)};
}
#endif

#if CAF_MAJOR_VERSION == 0

// -- types of values that 1.x does not have -----------------------------------
//
// 1.x: std::chrono's durations and std::optional, which travel by themselves.

using duration = caf::duration;
template <class T>
using optional = caf::optional<T>;

// -- atoms --------------------------------------------------------------------
//
// 1.x: no values but empty types, made and registered by CAF_ADD_ATOM; there is
// no type of all.

/// Any atom, as it is in a message.
using any_atom = caf::atom_value;

template <std::size_t Size>
struct atom_name {
  consteval atom_name(const char (&name)[Size]) {
    std::copy_n(name, Size, text);
  }
  char text[Size];
};

/// A type for messages that stand for what is named; `atom<"name">::value` is
/// one of it. At most 10 characters.
template <atom_name Name>
using atom = caf::atom_constant<caf::atom(Name.text)>;

// -- values without their types -----------------------------------------------
//
// 1.x: there is only caf::message, over one block of memory (message_data) and
// the numbers of its types; meta_object (by number) says how to copy, save and
// load each. A value of a type without a number does not exist.

/// The values of a message.
using contents = caf::type_erased_tuple;

inline const contents& contents_of(const caf::message& what) {
  return what.content();
}
inline const contents& contents_of(const caf::mailbox_element& what) {
  return what.content();
}

/// One value that owns itself, to make a message of.
using value = caf::type_erased_value_ptr;
using values = std::vector<value>;

template <class T>
value make_value(T&& x) {
  return caf::make_type_erased_value<std::decay_t<T>>(std::forward<T>(x));
}

inline caf::message message_of(values&& xs) {
  using data = caf::detail::dynamic_message_data;
  return caf::message{caf::detail::message_data::cow_ptr{
      caf::make_counted<data>(std::move(xs))}};
}

/// CAF's number of a type; 0: it is none of its own, and known by its rtti.
template <class T>
inline constexpr std::uint16_t number_of = caf::type_nr<T>::value;

struct value_type {
  std::uint16_t number;
  const std::type_info* rtti; ///< null for one of CAF's own
};

inline value_type type_of(const contents& all, std::size_t i) {
  auto [number, rtti] = all.type(i);
  return {number, rtti};
}

/// Specialized where ramet says which types messages may carry: `allowed` has
/// what a type needs for that be made.
/// 1.x: type_id<T>, given by CAF_ADD_TYPE_ID within a numbered block, and
/// init_global_meta_objects() at the start: a type cannot enter by its use.
template <class T>
struct sendable : std::false_type {};

#endif // 0.17

// -- messages in mailboxes ----------------------------------------------------
//
// 1.x: a mailbox_element is no base class; its values are the caf::message
// `payload`; there are no stages, and so one argument less to make one.

#if CAF_MAJOR_VERSION == 0
using stage_list = caf::mailbox_element::forwarding_stack;

/// Who is to get the answer before the sender does.
inline const stage_list& stages_of(const caf::mailbox_element& what) {
  return what.stages;
}
#endif

template <class... Ts>
caf::mailbox_element_ptr make_element(caf::strong_actor_ptr sender,
                                      caf::message_id id, Ts&&... values) {
#if CAF_MAJOR_VERSION == 0
  return caf::make_mailbox_element(std::move(sender), id, {},
                                   std::forward<Ts>(values)...);
#else
  return caf::make_mailbox_element(std::move(sender), id,
                                   std::forward<Ts>(values)...);
#endif
}

/// Leaves none in it.
inline caf::message take_values(caf::mailbox_element& what) {
#if CAF_MAJOR_VERSION == 0
  return what.move_content_to_message();
#else
  return std::move(what.payload);
#endif
}

/// Whether the values are of these types.
template <class... Ts>
bool holds(const caf::mailbox_element& what) {
#if CAF_MAJOR_VERSION == 0
  return what.content().match_elements<Ts...>();
#else
  return what.payload.match_elements<Ts...>();
#endif
}

#if CAF_MAJOR_VERSION == 0
/// One that derived classes do something with when it has been processed.
/// 1.x: nothing tells; elements are deleted as what they are.
class own_element : public caf::mailbox_element {
public:
  own_element(caf::strong_actor_ptr sender, caf::message_id id,
              stage_list stages, caf::message values)
      : mailbox_element(std::move(sender), id, std::move(stages)),
        values_(std::move(values)) {
    if (values_.empty()) // its contents must be there, though none
      values_ = message_of({});
  }

  contents& content() final { return values_; }
  const contents& content() const final {
    return std::as_const(values_).content();
  }
  caf::message move_content_to_message() final { return std::move(values_); }
  caf::message copy_content_to_message() const final { return values_; }

private:
  caf::message values_;
};

/// What actors of CAF answer by themselves, whatever their behavior.
/// 1.x: the same, of sys_atom_v, get_atom_v and a string.
template <class Text = std::string>
caf::message info_question() {
  return caf::make_message(caf::sys_atom::value, caf::get_atom::value,
                           Text{"info"});
}
#endif

// -- interfaces of typed actors -----------------------------------------------
//
// 1.x: caf::type_list; signatures are result<R...>(Ts...) instead of
// replies_to<Ts...>::with<R...>. Users write them, and here they are only
// looked through.

#if CAF_MAJOR_VERSION == 0
template <class... Ts>
using type_list = caf::detail::type_list<Ts...>;
#else
template <class... Ts>
using type_list = caf::type_list<Ts...>;
#endif

/// What a T becomes as a value of a message.
template <class T>
using message_element =
    typename caf::detail::implicit_conversions<std::decay_t<T>>::type;

/// `valid`: the interface of `Handle` has a handler for these values; then
/// `type` is the type_list of its answer.
template <class Handle, class... Ts>
using response_to =
    caf::response_type<typename Handle::signatures, message_element<Ts>...>;

// -- what runs actors ---------------------------------------------------------
//
// 1.x: caf::scheduler takes the place of execution_unit and of the
// coordinator: schedule(job) from anywhere, delay(job) from within a job; a
// job counts its references by functions of other names.

#if CAF_MAJOR_VERSION == 0
using executor = caf::execution_unit;
#else
using executor = caf::scheduler;
#endif

inline void run_later(executor& by, caf::resumable* job) {
#if CAF_MAJOR_VERSION == 0
  by.exec_later(job);
#else
  by.schedule(job);
#endif
}

/// From any thread.
inline void run_later(caf::actor_system& system, caf::resumable* job) {
#if CAF_MAJOR_VERSION == 0
  system.scheduler().enqueue(job);
#else
  system.scheduler().schedule(job);
#endif
}

/// Gets the jobs that become ready by what is done with it: all are passed to
/// `Derived::add(job)`.
template <class Derived>
class own_executor : public executor {
public:
#if CAF_MAJOR_VERSION == 0
  explicit own_executor(caf::actor_system& system) : execution_unit(&system) {}

  void exec_later(caf::resumable* job) final {
    self().add(job);
  }
#else
  explicit own_executor(caf::actor_system& system) : system_(system) {}

  caf::actor_system& system() const {
    return system_;
  }
  void schedule(caf::resumable* job) final {
    self().add(job);
  }
  void delay(caf::resumable* job) final {
    self().add(job);
  }
  void start() final {}
  void stop() final {}
#endif

private:
  Derived& self() {
    return static_cast<Derived&>(*this);
  }

#if CAF_MAJOR_VERSION != 0
  caf::actor_system& system_;
#endif
};

/// A job that is no actor: `Derived::run(executor*)` is called until it returns
/// true.
template <class Derived>
class own_job : public caf::resumable, public caf::ref_counted {
public:
#if CAF_MAJOR_VERSION == 0
  subtype_t subtype() const final {
    return function_object;
  }
  void intrusive_ptr_add_ref_impl() final {
    ref();
  }
  void intrusive_ptr_release_impl() final {
    deref();
  }
#else
  subtype_t subtype() const noexcept final {
    return function_object;
  }
  void ref_resumable() const noexcept final {
    ref();
  }
  void deref_resumable() const noexcept final {
    deref();
  }
#endif
  resume_result resume(executor* by, std::size_t) final {
    return static_cast<Derived*>(this)->run(by) ? done : resume_later;
  }
};

#if CAF_MAJOR_VERSION == 0
/// The scheduler of an actor system, with its clock. Jobs from outside of any
/// are passed to `Derived::add(job)`.
/// 1.x: caf::scheduler, without a clock; how many messages an actor may process
/// at a time is a setting (caf.scheduler.max-throughput).
template <class Derived>
class own_scheduler : public caf::scheduler::abstract_coordinator {
public:
  explicit own_scheduler(caf::actor_system& system)
      : abstract_coordinator(system) {}

  void enqueue(caf::resumable* job) final {
    static_cast<Derived*>(this)->add(job);
  }
  caf::actor_clock& clock() noexcept final { return clock_; }

protected:
  /// Takes a thread, until stop_clock().
  void run_clock() { clock_.run_dispatch_loop(); }
  void stop_clock() { clock_.cancel_dispatch_loop(); }

private:
  caf::detail::thread_safe_actor_clock clock_;
};

/// `make(system)` is to make the scheduler of the system that this is for.
/// 1.x: actor_system_access, within the custom_setup of the constructor.
template <class Make>
void set_scheduler(caf::actor_system_config& config, Make make) {
  config.module_factories.push_back(
      [make = std::move(make)](caf::actor_system& system)
          -> caf::actor_system::module* { return make(system); });
}
#endif

// -- actors that no thread runs -----------------------------------------------
//
// 1.x: monitorable_actor is a part of abstract_actor; enqueue() returns whether
// the message was accepted; on_destroy() has gone, on_unreachable() is called
// only for those that have not terminated.

/// Whoever sends it a message calls `Derived::receive(element, executor*)`.
/// `Derived::on_last_handle()` is called when the last handle has gone.
template <class Derived, class Base>
class receiver : public Base {
public:
  explicit receiver(caf::actor_config& config) : Base(config) {}

#if CAF_MAJOR_VERSION == 0
  void enqueue(caf::mailbox_element_ptr what, executor* by) final {
    self().receive(std::move(what), by);
  }
  void on_destroy() final {
    self().on_last_handle();
    Base::on_destroy();
  }
#else
  bool enqueue(caf::mailbox_element_ptr what, executor* by) final {
    self().receive(std::move(what), by);
    return true;
  }
  void setup_metrics() {} // make_actor wants it
#endif
  void on_last_handle() {}

protected:
  Derived& self() {
    return static_cast<Derived&>(*this);
  }

#if CAF_MAJOR_VERSION != 0
private:
  void on_unreachable() final {
    self().on_last_handle();
    Base::on_unreachable();
  }
  void force_close_mailbox() final {}
#endif
};

#if CAF_MAJOR_VERSION == 0
template <class Derived>
using own_actor = receiver<Derived, caf::monitorable_actor>;
#else
template <class Derived>
using own_actor = receiver<Derived, caf::abstract_actor>;
#endif

#if CAF_MAJOR_VERSION == 0
/// For an actor elsewhere. `Derived::on_observed()` is called after somebody
/// has begun to monitor it or to link to it.
/// A link is told to `Derived::on_linked(actor)`, false if it is there already,
/// from the other side; and its end to `Derived::on_unlinked(actor)`. In all
/// three it may be locked, and the actor as well.
/// 1.x: attach() is not virtual.
template <class Derived>
class own_proxy : public receiver<Derived, caf::actor_proxy> {
public:
  using receiver<Derived, caf::actor_proxy>::receiver;

  void attach(caf::attachable_ptr what) final {
    caf::actor_proxy::attach(std::move(what));
    this->self().on_observed();
  }
  bool add_backlink(caf::abstract_actor* actor) final {
    if (!this->self().on_linked(*actor))
      return false;
    bool added = caf::actor_proxy::add_backlink(actor);
    this->self().on_observed();
    return added;
  }
  bool remove_backlink(caf::abstract_actor* actor) final {
    this->self().on_unlinked(*actor);
    return caf::actor_proxy::remove_backlink(actor);
  }
  bool on_linked(caf::abstract_actor&) { return true; }
  void on_unlinked(caf::abstract_actor&) {}
};

/// The same, but who monitors it or links to it does so with
/// `Derived::principal()`, an actor, instead.
template <class Derived>
class own_stand_in : public receiver<Derived, caf::actor_proxy> {
public:
  using receiver<Derived, caf::actor_proxy>::receiver;

  void attach(caf::attachable_ptr what) final {
    this->self().principal()->get()->attach(std::move(what));
  }
  bool add_backlink(caf::abstract_actor* actor) final {
    return this->self().principal()->get()->add_backlink(actor);
  }
  bool remove_backlink(caf::abstract_actor* actor) final {
    return this->self().principal()->get()->remove_backlink(actor);
  }
};
/// Takes back that `one` is told of the end of `other` by a link, and the
/// other way round.
inline void unlink(caf::abstract_actor& one, caf::abstract_actor& other) {
  using token = caf::default_attachable::observe_token;
  auto link = caf::default_attachable::link;
  one.detach(token{other.address(), link});
  other.detach(token{one.address(), link});
}

/// As a link does it.
inline void tell_exit(const caf::strong_actor_ptr& to, caf::actor_addr source,
                      caf::error reason, executor* by) {
  to->enqueue(make_element(nullptr,
                           caf::make_message_id(caf::message_priority::high),
                           caf::make_message(caf::exit_msg{std::move(source),
                                                           std::move(reason)})),
              by);
}
#endif

/// Puts a message into an actor's mailbox, without a sender.
/// 1.x: enqueue() takes elements only.
inline void deliver(const caf::strong_actor_ptr& to, caf::message_id id,
                    caf::message values, executor* by) {
#if CAF_MAJOR_VERSION == 0
  to->enqueue(nullptr, id, std::move(values), by);
#else
  to->enqueue(make_element(nullptr, id, std::move(values)), by);
#endif
}

// -- actors with a behavior ---------------------------------------------------
//
// 1.x: `state` is a function; delayed_send() and delegate() have become
// mail(..).delay(..).send(..) and mail(..).delegate(..); handlers that are set,
// and monitor() without one, are deprecated: one for exit_msg stands in the
// behavior, and monitor() takes one for the end of that actor.

/// Of a caf::stateful_actor.
template <class Self>
auto& state_of(Self* self) {
#if CAF_MAJOR_VERSION == 0
  return self->state;
#else
  return self->state();
#endif
}

template <class Self, class Handler>
void on_down(Self* self, Handler handler) {
  self->set_down_handler(std::move(handler));
}

template <class Self, class Handler>
void on_exit_message(Self* self, Handler handler) {
  self->set_exit_handler(std::move(handler));
}

template <class Self>
void monitor(Self* self, const caf::strong_actor_ptr& actor) {
  self->monitor(actor);
}

/// To itself.
template <class Self, class Time, class... Ts>
void send_later(Self* self, Time delay, Ts&&... values) {
#if CAF_MAJOR_VERSION == 0
  self->delayed_send(self, delay, std::forward<Ts>(values)...);
#else
  self->mail(std::forward<Ts>(values)...).delay(delay).send(self);
#endif
}

template <class Self, class Handle, class... Ts>
auto delegate(Self* self, const Handle& to, Ts&&... values) {
#if CAF_MAJOR_VERSION == 0
  return self->delegate(to, std::forward<Ts>(values)...);
#else
  return self->mail(std::forward<Ts>(values)...).delegate(to);
#endif
}

// -- the ids of nodes ---------------------------------------------------------
//
// 1.x: default_data is hashed_node_id, with members for functions, within a
// variant.

using host_bytes = caf::node_id::default_data::host_id_type;

inline caf::node_id make_node_id(std::uint32_t number, const host_bytes& host) {
  return caf::make_node_id(number, host);
}

struct node_parts {
  host_bytes host{};
  std::uint32_t number = 0;
};

/// Nothing if it is made of something else.
inline std::optional<node_parts> parts_of(const caf::node_id& id) {
  using data = caf::node_id::default_data;
#if CAF_MAJOR_VERSION == 0
  if (!id || id->implementation_id() != data::class_id)
    return std::nullopt;
  auto& parts = static_cast<const data&>(*id.operator->());
  return node_parts{parts.host_id(), parts.process_id()};
#else
  auto* parts = id ? std::get_if<data>(&id->content) : nullptr;
  if (!parts)
    return std::nullopt;
  return node_parts{parts->host, parts->process_id};
#endif
}

} // namespace ramet::detail::caf_compat

#if CAF_MAJOR_VERSION == 0

/// Whatever ramet can carry may stand in messages: also what CAF itself could
/// not serialize, such as plain aggregates.
template <class T>
requires(ramet::detail::caf_compat::sendable<
         T>::value) struct caf::allowed_unsafe_message_type<T>
    : std::bool_constant<ramet::detail::caf_compat::sendable<T>::allowed
                         && !caf::detail::is_serializable<T>::value> {
};

namespace caf::net {

/// CAF computes a node's id from the machine's, the same in two containers,
/// and only lets a module of this name change it.
class middleman : public actor_system::module {
public:
  middleman(actor_system& system, node_id own)
      : system_(system), own_(std::move(own)) {}
  void init(actor_system_config&) override { system_.node_ = own_; }
  void start() override {}
  void stop() override {}
  id_t id() const override { return network_manager; }
  void* subtype_ptr() override { return this; }

private:
  actor_system& system_;
  node_id own_;
};

} // namespace caf::net

#endif

namespace ramet::detail::caf_compat {

#if CAF_MAJOR_VERSION == 0
/// Sets the id of the system that this is for, before any actor has it.
inline void set_node(caf::actor_system_config& config, caf::node_id own) {
  config.module_factories.push_back(
      [own = std::move(own)](
          caf::actor_system& system) -> caf::actor_system::module* {
        return new caf::net::middleman{system, own};
      });
}
#else
/// Before the system has any actor: within its custom_setup.
inline void set_node(caf::actor_system& system, caf::node_id own) {
  caf::detail::actor_system_access{system}.node(std::move(own));
}
#endif

} // namespace ramet::detail::caf_compat
