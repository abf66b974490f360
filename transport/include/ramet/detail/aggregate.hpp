// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Takes plain aggregates apart. Boost.PFR binds the fields; how many there
/// are is counted here, since PFR 1.81 counts an array member once per element
/// and does not compile for optionals of move-only types.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include <boost/pfr/detail/core17_generated.hpp>

namespace ramet::detail {

template <class... Ts>
struct type_list {
  static constexpr std::size_t size = sizeof...(Ts);
};

/// Stands for a value of any type, where nothing is evaluated.
struct anything {
  template <class T>
  operator T() const noexcept {
    std::abort(); // Defined only because clang wants to see a definition.
  }
};

template <std::size_t>
using anything_at = anything;

/// Stands for a value of any type that `T` may have as a base.
template <class T>
struct any_base_of {
  template <class Base>
  requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>)
  operator Base() const noexcept;
};

template <class T, class Indices>
inline constexpr bool takes_flat = false;
template <class T, std::size_t... Is>
inline constexpr bool takes_flat<T, std::index_sequence<Is...>> = requires {
  T{anything_at<Is>{}...};
};

/// Whether `T{_, _, ...}` with `N` initializers is well-formed.
template <class T, std::size_t N>
inline constexpr bool takes = takes_flat<T, std::make_index_sequence<N>>;

template <class T, class Before, class Within, class After>
inline constexpr bool takes_braced_flat = false;
template <class T, std::size_t... Is, std::size_t... Js, std::size_t... Ks>
inline constexpr bool
    takes_braced_flat<T, std::index_sequence<Is...>, std::index_sequence<Js...>,
                      std::index_sequence<Ks...>> = requires {
  T{anything_at<Is>{}..., {anything_at<Js>{}...}, anything_at<Ks>{}...};
};

/// Whether `T{_, ..., {_, ...}, _, ...}` is well-formed, with so many
/// initializers before, within and after the inner braces.
template <class T, std::size_t Before, std::size_t Within, std::size_t After>
inline constexpr bool takes_braced =
    takes_braced_flat<T, std::make_index_sequence<Before>,
                      std::make_index_sequence<Within>,
                      std::make_index_sequence<After>>;

inline constexpr std::size_t uncountable = static_cast<std::size_t>(-1);

/// The least accepted number of initializers, or `uncountable`.
template <class T, std::size_t N = 0>
consteval std::size_t least_initializers() {
  if constexpr (takes<T, N>)
    return N;
  else if constexpr (N > sizeof(T) || N > 128)
    return uncountable;
  else
    return least_initializers<T, N + 1>();
}

/// The greatest accepted number, which lies in [Good, Bad).
template <class T, std::size_t Good, std::size_t Bad>
consteval std::size_t most_between() {
  if constexpr (Bad - Good <= 1) {
    return Good;
  } else {
    constexpr std::size_t middle = Good + (Bad - Good) / 2;
    if constexpr (takes<T, middle>)
      return most_between<T, middle, Bad>();
    else
      return most_between<T, Good, middle>();
  }
}

template <class T, std::size_t Good, std::size_t Step = 1>
consteval std::size_t most_initializers() {
  if constexpr (takes<T, Good + Step>)
    return most_initializers<T, Good + Step, Step * 2>();
  else
    return most_between<T, Good, Good + Step>();
}

/// The field that begins at initializer `At` of `All`, given that it accepts
/// braces with `Within` initializers: how many initializers it covers without
/// braces, more than `Low` and at most `High`. That is where the rest fits.
template <class T, std::size_t At, std::size_t Within, std::size_t All,
          std::size_t Low, std::size_t High>
consteval std::size_t width_between() {
  if constexpr (High - Low == 1) {
    return High;
  } else {
    constexpr std::size_t middle = Low + (High - Low) / 2;
    if constexpr (takes_braced<T, At, Within, All - At - middle>)
      return width_between<T, At, Within, All, Low, middle>();
    else
      return width_between<T, At, Within, All, middle, High>();
  }
}

/// The same when the last fields need an initializer, so that the answers are
/// not sorted.
template <class T, std::size_t At, std::size_t Within, std::size_t All,
          std::size_t Width>
consteval std::size_t least_width() {
  if constexpr (Width > All - At)
    return 0;
  else if constexpr (takes_braced<T, At, Within, All - At - Width>)
    return Width;
  else
    return least_width<T, At, Within, All, Width + 1>();
}

/// How many of `All` initializers the field that begins at `At` covers: one,
/// unless it is an array whose elements do not stand in braces. Empty braces
/// are tried first, since a vector of move-only elements does not compile with
/// filled ones, not even here.
template <class T, std::size_t At, std::size_t All, std::size_t Within = 0>
consteval std::size_t field_width() {
  constexpr std::size_t rest = All - At;
  if constexpr (Within > rest)
    return 1; // Nothing says that it is an array.
  else if constexpr (takes_braced<T, At, Within, rest - 1>)
    return 1;
  else if constexpr (takes_braced<T, At, Within, 0>)
    return width_between<T, At, Within, All, 1, rest>();
  else if constexpr (constexpr std::size_t width =
                         least_width<T, At, Within, All, 2>();
                     width != 0)
    return width;
  else
    return field_width<T, At, All, Within + 1>();
}

template <class T, std::size_t At, std::size_t All>
consteval std::size_t fields_from() {
  if constexpr (At == All)
    return 0;
  else
    return 1 + fields_from<T, At + field_width<T, At, All>(), All>();
}

/// How many fields the aggregate has, or `uncountable`.
template <class T>
consteval std::size_t count_fields() {
  constexpr std::size_t least = least_initializers<T>();
  if constexpr (least == uncountable)
    return uncountable;
  else
    return fields_from<T, 0, most_initializers<T, least>()>();
}

template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

template <class T>
inline constexpr bool has_base = requires {
  T{any_base_of<T>{}};
};

/// As many as Boost.PFR can bind.
inline constexpr std::size_t max_fields = 100;

/// Calls `f` with references to all fields of an aggregate.
template <class T, class F>
constexpr decltype(auto) with_fields(T& x, F&& f) {
  namespace pfr = boost::pfr::detail;
  constexpr std::size_t n = field_count<std::remove_const_t<T>>;
  auto fields = pfr::tie_as_tuple(x, pfr::size_t_<n>{});
  return [&]<std::size_t... Is>(std::index_sequence<Is...>)->decltype(auto) {
    return f(pfr::sequence_tuple::get<Is>(fields)...);
  }
  (std::make_index_sequence<n>{});
}

template <class Tuple>
struct unreferenced;
template <class... Ts>
struct unreferenced<boost::pfr::detail::sequence_tuple::tuple<Ts...>> {
  using type = type_list<std::remove_cvref_t<Ts>...>;
};

template <class T>
struct fields_of {
  using type = typename unreferenced<decltype(boost::pfr::detail::tie_as_tuple(
      std::declval<const T&>(),
      boost::pfr::detail::size_t_<field_count<T>>{}))>::type;
};

/// The types of the fields, without const.
template <class T>
using fields_of_t = typename fields_of<T>::type;

} // namespace ramet::detail
