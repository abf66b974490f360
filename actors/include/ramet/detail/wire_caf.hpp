// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How CAF's own types travel: handles of actors, errors, system messages.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/serializable.hpp>
#include <ramet/detail/type_id.hpp>
#include <ramet/detail/wire.hpp>
#include <ramet/detail/wire_std.hpp>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/none.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_actor.hpp>
#include <caf/unit.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// An actor's name in the family. All zero: no actor.
struct actor_words {
  std::uint32_t slot = 0; ///< of the process, or one of the values below
  std::uint32_t serial = 0;
  std::uint64_t id = 0;

  /// A handle that outlives the actor behind it; `id` is the shared object that
  /// says where that is now, and a reference to it travels along.
  static constexpr std::uint32_t stable = 0xffffffff;
};

/// Makes a local actor known to the family. Thread-safe.
actor_words export_actor(const caf::strong_actor_ptr& actor);
object_ref stable_ref(const actor_words& words);
/// Never null for words that name an actor: one that is gone gives a handle to
/// a dead one.
caf::strong_actor_ptr import_actor(const actor_words& words);
/// The same for a stable handle. @throws error closed, protocol
caf::strong_actor_ptr import_stable_actor(const actor_words& words,
                                          object_ref ref);

/// For handles of all kinds.
struct handle_wire {
  template <class Out>
  static void save_handle(Out& out, const caf::strong_actor_ptr& actor) {
    auto words = export_actor(actor);
    out.bytes(&words, sizeof words);
    if (words.slot == actor_words::stable)
      out.ref(stable_ref(words));
  }
  static caf::strong_actor_ptr load_handle(reader& in) {
    actor_words words;
    in.copy(&words, sizeof words, "caf::actor");
    if (words.slot == actor_words::stable)
      return import_stable_actor(words, in.ref("caf::actor"));
    return import_actor(words);
  }
};

template <class Handle>
struct actor_handle_wire : handle_wire {
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(actor_words), 0, false}; }
  template <class Out>
  static void save(Out& out, const Handle& x) {
    save_handle(out, caf::actor_cast<caf::strong_actor_ptr>(x));
  }
  static Handle load(reader& in) {
    return caf::actor_cast<Handle>(load_handle(in));
  }
};

template <>
struct wire<caf::actor> : actor_handle_wire<caf::actor> {};
template <>
struct wire<caf::actor_addr> : actor_handle_wire<caf::actor_addr> {};
template <class... Signatures>
struct wire<caf::typed_actor<Signatures...>>
    : actor_handle_wire<caf::typed_actor<Signatures...>> {};

template <>
struct wire<caf::strong_actor_ptr> : handle_wire {
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(actor_words), 0, false}; }
  template <class Out>
  static void save(Out& out, const caf::strong_actor_ptr& x) {
    save_handle(out, x);
  }
  static caf::strong_actor_ptr load(reader& in) { return load_handle(in); }
};

/// A message: the number of its values, and each with its type's identity.
template <>
struct wire<caf::message> {
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(std::uint64_t), 0, false}; }
  static void save(size_counter& out, const caf::message& x);
  static void save(writer& out, const caf::message& x);
  static caf::message load(reader& in);
};

/// Code, category and context; no error: only a zero code.
template <>
struct wire<caf::error> {
  using parts = type_list<>;
  static consteval extent least() { return {1, 0, false}; }
  static void save(size_counter& out, const caf::error& x);
  static void save(writer& out, const caf::error& x);
  static caf::error load(reader& in);
};

template <class Notice>
struct notice_wire {
  using parts = type_list<caf::actor_addr, caf::error>;
  static consteval extent least() {
    return extent_of<caf::actor_addr>() + extent_of<caf::error>();
  }
  template <class Out>
  static void save(Out& out, const Notice& x) {
    put(out, x.source);
    put(out, x.reason);
  }
  static Notice load(reader& in) {
    auto source = take<caf::actor_addr>(in);
    return {std::move(source), take<caf::error>(in)};
  }
};
template <>
struct wire<caf::exit_msg> : notice_wire<caf::exit_msg> {};
template <>
struct wire<caf::down_msg> : notice_wire<caf::down_msg> {};

template <class Empty>
struct empty_wire {
  using parts = type_list<>;
  static consteval extent least() { return {}; }
  template <class Out>
  static void save(Out&, const Empty&) {}
  static Empty load(reader&) { return {}; }
};
template <>
struct wire<caf::unit_t> : empty_wire<caf::unit_t> {};
template <>
struct wire<caf::none_t> : empty_wire<caf::none_t> {};

template <>
struct wire<caf_compat::duration> {
  using parts = type_list<>;
  static consteval extent least() { return {12, 0, true}; }
  template <class Out>
  static void save(Out& out, const caf_compat::duration& x) {
    auto unit = static_cast<std::uint32_t>(x.unit);
    std::uint64_t count = x.count;
    out.bytes(&unit, sizeof unit);
    out.bytes(&count, sizeof count);
  }
  static caf_compat::duration load(reader& in) {
    auto unit = take<std::uint32_t>(in);
    auto count = take<std::uint64_t>(in);
    caf_compat::duration result;
    result.unit = static_cast<decltype(result.unit)>(unit);
    result.count = count;
    return result;
  }
};

template <class T>
struct wire<caf_compat::optional<T>> {
  using parts = type_list<T>;
  static consteval extent least() { return {1, 0, false}; }
  template <class Out>
  static void save(Out& out, const caf_compat::optional<T>& x) {
    put(out, static_cast<bool>(x));
    if (x)
      put(out, *x);
  }
  static caf_compat::optional<T> load(reader& in) {
    if (!take<bool>(in))
      return caf::none;
    return take<T>(in);
  }
};

/// CAF's types that travel; of all others nothing is assumed.
template <class T>
inline constexpr bool caf_type_travels = false;
template <>
inline constexpr bool caf_type_travels<caf::actor> = true;
template <>
inline constexpr bool caf_type_travels<caf::actor_addr> = true;
template <class... Signatures>
inline constexpr bool caf_type_travels<caf::typed_actor<Signatures...>> = true;
template <>
inline constexpr bool caf_type_travels<caf::strong_actor_ptr> = true;
template <>
inline constexpr bool caf_type_travels<caf::message> = true;
template <>
inline constexpr bool caf_type_travels<caf::error> = true;
template <>
inline constexpr bool caf_type_travels<caf::exit_msg> = true;
template <>
inline constexpr bool caf_type_travels<caf::down_msg> = true;
template <>
inline constexpr bool caf_type_travels<caf::unit_t> = true;
template <>
inline constexpr bool caf_type_travels<caf::none_t> = true;
template <>
inline constexpr bool caf_type_travels<caf_compat::duration> = true;
template <>
inline constexpr bool caf_type_travels<caf_compat::any_atom> = true;
template <class T>
inline constexpr bool caf_type_travels<caf_compat::optional<T>> = true;

} // namespace ramet::detail
