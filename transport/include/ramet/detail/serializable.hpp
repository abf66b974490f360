// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which types can travel, and one readable line for each reason why not.

#pragma once

#include <iosfwd>
#include <string_view>
#include <type_traits>

#include <ramet/detail/wire.hpp>
#include <ramet/detail/wire_std.hpp>

namespace ramet::detail {

/// Why a type, on its own, cannot travel.
enum class obstacle {
  none,
  pointer,
  reference,
  iterator,
  view,
  lambda,
  function,
  thread,
  mutex,
  condition_variable,
  atomic,
  future,
  smart_pointer,
  stream,
  polymorphic,
  union_type,
  base_class,
  many_fields,
  bit_field,
  opaque,
  no_default,
  other,
};

template <class T>
inline constexpr bool is_view =
    !std::is_same_v<travelling_t<T>, T> && !std::is_array_v<T>;

template <class T>
concept iterator_like = requires(T& x) {
  *x;
  ++x;
  typename T::iterator_category;
};

/// Recognized by name: their headers are not for everybody to include.
consteval obstacle obstacle_of_name(std::string_view name) {
  struct rule {
    std::string_view prefix;
    obstacle found;
  };
  constexpr rule rules[] = {
      {"std::reference_wrapper<", obstacle::reference},
      {"std::function<", obstacle::function},
      {"std::move_only_function<", obstacle::function},
      {"std::thread", obstacle::thread},
      {"std::jthread", obstacle::thread},
      {"std::mutex", obstacle::mutex},
      {"std::timed_mutex", obstacle::mutex},
      {"std::recursive_mutex", obstacle::mutex},
      {"std::recursive_timed_mutex", obstacle::mutex},
      {"std::shared_mutex", obstacle::mutex},
      {"std::shared_timed_mutex", obstacle::mutex},
      {"std::unique_lock<", obstacle::mutex},
      {"std::scoped_lock<", obstacle::mutex},
      {"std::lock_guard<", obstacle::mutex},
      {"std::condition_variable", obstacle::condition_variable},
      {"std::atomic", obstacle::atomic},
      {"std::future<", obstacle::future},
      {"std::shared_future<", obstacle::future},
      {"std::promise<", obstacle::future},
      {"std::packaged_task<", obstacle::future},
      {"std::unique_ptr<", obstacle::smart_pointer},
      {"std::shared_ptr<", obstacle::smart_pointer},
      {"std::weak_ptr<", obstacle::smart_pointer},
  };
  for (const rule& r : rules)
    if (name.starts_with(r.prefix))
      return r.found;
  return obstacle::none;
}

consteval bool is_name_of_lambda(std::string_view name) {
  // Not by find(): under -fsanitize=undefined GCC 12 takes its comparison of
  // pointers for no constant, where the name has internal linkage.
  for (; !name.empty(); name.remove_prefix(1))
    if (name.starts_with("<lambda") || name.starts_with("(lambda"))
      return true;
  return false;
}

template <class T>
consteval obstacle obstacle_of_aggregate() {
  if constexpr (has_base<T>) {
    return obstacle::base_class;
  } else if constexpr (field_count<T> == uncountable) {
    return obstacle::opaque;
  } else if constexpr (field_count<T> > max_fields) {
    return obstacle::many_fields;
  } else {
    using fields = over_fields<fields_of_t<T>>;
    // Fields that need more room than there is share bytes.
    if constexpr (fields::memory > sizeof(T)
                  && !std::is_empty_v<T> && !requires {
                       requires fields::any_empty;
                     })
      return obstacle::bit_field;
    else if constexpr (fields::any_array
                       && !(std::default_initializable<
                                T> && std::is_move_assignable_v<T>))
      return obstacle::opaque; // No braces can build it from values.
    else
      return obstacle::none;
  }
}

/// Looks at `T` alone, not at what it is made of.
template <class T>
consteval obstacle obstacle_of() {
  if constexpr (
      std::is_pointer_v<
          T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T> || std::is_function_v<T>)
    return obstacle::pointer;
  else if constexpr (std::is_reference_v<T>)
    return obstacle::reference;
  else if constexpr (std::is_void_v<T> || std::is_unbounded_array_v<T>)
    return obstacle::other;
  else if constexpr (inspected<T>)
    return std::default_initializable<T> ? obstacle::none
                                         : obstacle::no_default;
  else if constexpr (obstacle_of_name(name_of<T>()) != obstacle::none)
    return obstacle_of_name(name_of<T>());
  else if constexpr (is_view<T>)
    return obstacle::view;
  else if constexpr (taken_apart<T>)
    return obstacle_of_aggregate<T>();
  else if constexpr (wired<T>)
    return obstacle::none;
  else if constexpr (std::is_union_v<T>)
    return obstacle::union_type;
  else if constexpr (!std::is_class_v<T>)
    return obstacle::other;
  else if constexpr (is_name_of_lambda(name_of<T>()))
    return std::is_empty_v<T> ? obstacle::other : obstacle::lambda;
  else if constexpr (std::is_base_of_v<std::ios_base, T>)
    return obstacle::stream;
  else if constexpr (iterator_like<T>)
    return obstacle::iterator;
  else if constexpr (std::is_polymorphic_v<T>)
    return obstacle::polymorphic;
  else
    return obstacle::other;
}

/// A type that cannot travel, and why; `void` and none if all can.
template <class T, obstacle Why>
struct finding {
  using type = T;
  static constexpr obstacle why = Why;
};

using no_finding = finding<void, obstacle::none>;

template <class T, class... Seen>
consteval auto find_obstacle();

template <class... Parts, class... Seen>
consteval auto find_in_parts(type_list<Parts...>, type_list<Seen...>) {
  if constexpr (sizeof...(Parts) == 0) {
    return no_finding{};
  } else {
    return []<class First, class... Rest>(type_list<First, Rest...>) {
      using found = decltype(find_obstacle<First, Seen...>());
      if constexpr (found::why != obstacle::none)
        return found{};
      else
        return find_in_parts(type_list<Rest...>{}, type_list<Seen...>{});
    }(type_list<Parts...>{});
  }
}

/// The first culprit in `T`, depth first. A type within itself (a tree's node)
/// is looked at once.
template <class T, class... Seen>
consteval auto find_obstacle() {
  if constexpr ((std::is_same_v<T, Seen> || ...)) {
    return no_finding{};
  } else {
    constexpr obstacle own = obstacle_of<T>();
    if constexpr (own != obstacle::none)
      return finding<T, own>{};
    else
      return find_in_parts(parts_of<T>(), type_list<T, Seen...>{});
  }
}

template <class T>
using obstacle_in = decltype(find_obstacle<T>());

/// Whether exactly `T` can be encoded and decoded.
template <class T>
inline constexpr bool travels = obstacle_in<T>::why == obstacle::none;

/// Fails to compile, with the one line that helps. The note that the compiler
/// adds says which `Culprit`.
template <class Culprit, obstacle Why>
consteval void complain() {
  static_assert(Why != obstacle::pointer,
                "ramet: a pointer cannot travel to another process: send the "
                "value it points to");
  static_assert(Why != obstacle::reference,
                "ramet: a reference cannot travel to another process: send a "
                "copy of the value");
  static_assert(Why != obstacle::iterator,
                "ramet: an iterator cannot travel to another process: send the "
                "elements, or their positions");
  static_assert(Why != obstacle::view,
                "ramet: a view owns nothing to receive into: receive a "
                "std::string or a std::vector");
  static_assert(Why != obstacle::lambda,
                "ramet: a lambda with captures cannot travel to another "
                "process: pass what it captures as arguments, or use a struct "
                "with operator()");
  static_assert(Why != obstacle::function,
                "ramet: a std::function cannot travel to another process: pass "
                "a function, or a struct with operator()");
  static_assert(Why != obstacle::thread,
                "ramet: a thread cannot travel to another process: start a "
                "ramet::process");
  static_assert(Why != obstacle::mutex,
                "ramet: a mutex of std works inside one process only: use "
                "ramet::mutex");
  static_assert(Why != obstacle::condition_variable,
                "ramet: a condition variable of std works inside one process "
                "only: use ramet::condition_variable");
  static_assert(Why != obstacle::atomic,
                "ramet: an atomic works inside one process only: use "
                "ramet::shared_value");
  static_assert(Why != obstacle::future,
                "ramet: a future of std works inside one process only: use "
                "ramet::future, or send the value");
  static_assert(Why != obstacle::smart_pointer,
                "ramet: a smart pointer cannot travel to another process: send "
                "the value it points to");
  static_assert(Why != obstacle::stream,
                "ramet: a stream cannot travel to another process: send the "
                "file's path, or its contents");
  static_assert(Why != obstacle::polymorphic,
                "ramet: a polymorphic class cannot travel as it is: give it an "
                "inspect(f, x), or send a std::variant");
  static_assert(Why != obstacle::union_type,
                "ramet: a union does not say which member is alive: use a "
                "std::variant");
  static_assert(Why != obstacle::base_class,
                "ramet: an aggregate with a base class cannot be taken apart: "
                "give it an inspect(f, x), or make the base a member");
  static_assert(Why != obstacle::many_fields,
                "ramet: an aggregate with more than 100 fields cannot be taken "
                "apart: group them in structs, or give it an inspect(f, x)");
  static_assert(Why != obstacle::bit_field,
                "ramet: an aggregate with bit-fields cannot be taken apart: "
                "give it an inspect(f, x)");
  static_assert(Why != obstacle::opaque,
                "ramet: this aggregate cannot be taken apart and rebuilt (has "
                "it a reference as a member?): give it an inspect(f, x)");
  static_assert(Why != obstacle::no_default,
                "ramet: a type with inspect(f, x) needs a default constructor "
                "to be received");
  static_assert(Why != obstacle::other,
                "ramet: this type cannot travel to another process: give it an "
                "inspect(f, x), or make it a plain aggregate");
}

/// Nothing if exactly `T` can travel; else does not compile, with one readable
/// line. Callers avoid all other errors by `if constexpr (travels<T>)`.
template <class T>
consteval void require_serializable() {
  using found = obstacle_in<T>;
  if constexpr (found::why != obstacle::none)
    complain<typename found::type, found::why>();
}

} // namespace ramet::detail

namespace ramet {

/// Whether values of type `T` can be sent to another process. Text literals,
/// `std::string_view` and `std::span` can, as the string or vector of what they
/// view.
template <class T>
concept serializable = detail::travels<detail::travelling_t<T>>;

/// Whether a `T` can be received: it can be sent, and is no view.
template <class T>
concept deserializable =
    serializable<T> && std::same_as<detail::travelling_t<T>,
                                    std::remove_cvref_t<T>>;

} // namespace ramet
