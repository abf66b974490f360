// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The table of the types that CAF messages of this program carry. A type
/// enters it by being put into a message anywhere, without a line of the
/// user's: CAF asks for each type whether it may be sent, and the answer here
/// has the entry made.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/wire_caf.hpp>

#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <type_traits>
#include <typeinfo>

namespace ramet::detail {

/// Whether a `T` can be a value of a message to another process.
template <class T>
concept message_value = (!name_of<T>().starts_with("caf::")
                         || caf_type_travels<T>)&&travels<T>;

/// How a value of one type gets into and out of messages.
struct message_type {
  const type_info& info;
  std::uint16_t number; ///< CAF's, if it is one of CAF's built-in types
  const std::type_info& rtti;
  void (*count)(size_counter&, const void*);
  void (*save)(writer&, const void*);
  caf_compat::value (*load)(reader&);
  caf::message (*load_alone)(reader&);
};

/// An entry of the table, made before main or when a library is loaded.
struct message_type_node {
  explicit message_type_node(const message_type& type) noexcept;
  message_type_node(const message_type_node&) = delete;
  message_type_node& operator=(const message_type_node&) = delete;

  const message_type& type;
  message_type_node* next = nullptr;
};

template <class T>
struct message_type_entry {
  static inline const message_type type{
      type_id_of<T>(),
      caf_compat::number_of<T>,
      typeid(T),
      [](size_counter& out, const void* x) {
        put(out, *static_cast<const T*>(x));
      },
      [](writer& out, const void* x) { put(out, *static_cast<const T*>(x)); },
      [](reader& in) { return caf_compat::make_value(take<T>(in)); },
      [](reader& in) { return caf::make_message(take<T>(in)); },
  };
  static inline message_type_node node{type};
};

/// Naming this makes the entry.
template <message_type_node* Node>
inline constexpr bool is_made = true;

/// Enters types that reach messages by ways that the compiler does not see.
template <class... Ts>
void know_message_types() {
  (static_cast<void>(&message_type_entry<Ts>::node), ...);
}

/// Whatever ramet can carry may stand in messages; asking makes the entry.
template <message_value T>
struct caf_compat::sendable<T> : std::true_type {
  static constexpr bool allowed = is_made<&message_type_entry<T>::node>;
};

} // namespace ramet::detail
