// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A large argument that many tasks have in common.

#pragma once

#include <ramet/codec.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/shared_block.hpp>

#include <concepts>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

/// A value that is sent once and read by many; pool::share() makes it.
///
/// @code
/// double score(const model& m, int x);
/// double sum(std::span<const double> all, int from, int to);
///
/// auto m = pool.share(load_model());
/// auto f = pool.submit(score, m, 7);          // as const model&
/// auto g = pool.submit(sum, pool.share(numbers), 0, 100);
/// auto ys = pool.starmap(score, xs | std::views::transform([&](int x) {
///                                 return std::tuple{m, x}; }));
/// @endcode
///
/// Given as an argument, it is to the function what it holds: a `const T&`,
/// decoded once in each worker that needs it, unless that uses more than eight
/// such values in turn. A function that takes a `std::span<const E>` where T is
/// a vector of E that are copied bitwise, or a `std::string_view` of a string,
/// reads the shared memory itself: no copy at all. The value must not change,
/// and hold no handles.
///
/// A handle: copies share the memory. It is freed when the last of them is
/// gone, in this process and in messages not yet read; workers let go of it
/// with their next task that takes a shared value, or when they die.
/// Thread-safe.
template <class T>
class shared_argument {
public:
  static constexpr bool is_ramet_handle = true;
  using value_type = T;

  /// Encodes the value. Does not wait for anybody.
  /// @throws error resource_exhausted, not_serializable (it holds handles, or
  ///   cannot travel)
  explicit shared_argument(const T& value)
      : block_(detail::shared_block::make(detail::make_outgoing(value))) {}

  /// The value, decoded at the first call in this process; threads that want a
  /// shared value meanwhile wait. @throws error closed on a moved-from handle
  std::shared_ptr<const T> get() const {
    return std::static_pointer_cast<const T>(
        block_.decoded([this]() -> std::shared_ptr<const void> {
          return std::make_shared<const T>(detail::decode_message<T>(value()));
        }));
  }

  /// The encoded value. Does not wait. @throws as get
  detail::incoming value() const {
    return block_.value(detail::type_id_of<T>());
  }

private:
  friend struct detail::handle_access;
  explicit shared_argument(detail::object_ref ref)
      : block_(detail::shared_block::open(ref)) {}
  detail::object_ref ref() const { return block_.ref(); }

  detail::shared_block block_;
};

namespace detail {

template <class T>
inline constexpr bool is_shared_argument = false;
template <class T>
inline constexpr bool is_shared_argument<shared_argument<T>> = true;

/// Vectors and strings whose bytes a span can look at where they lie.
template <class T>
struct element_in_place {
  using type = void;
};
template <class E, class A>
requires bitwise<E>
struct element_in_place<std::vector<E, A>> {
  using type = E;
};
template <class C, class Traits, class A>
struct element_in_place<std::basic_string<C, Traits, A>> {
  using type = C;
};
template <>
struct element_in_place<std::vector<bool>> {
  using type = void;
};

/// For a parameter of type P: the value of a shared argument, for as long as
/// this lives.
template <class P, class T>
class shared_use {
  using value = std::remove_cvref_t<P>;
  using element = typename element_in_place<T>::type;

  template <class View>
  static constexpr bool views() {
    if constexpr (std::is_void_v<element>)
      return false;
    else if constexpr (std::same_as<View, std::string_view>)
      return std::same_as<element, char>;
    else
      return std::same_as<View, std::span<const element>>;
  }

public:
  explicit shared_use(const shared_argument<T>& from) {
    if constexpr (views<value>())
      holder_ = from.value();
    else
      holder_ = from.get();
  }

  decltype(auto) get() const {
    if constexpr (views<value>()) {
      // A length, then the elements; aligned as the block is.
      static_assert(alignof(element) <= sizeof(std::uint64_t));
      reader in{holder_.bytes, {}, name_of<T>()};
      auto n = in.template length<sizeof(element), 0>(name_of<T>());
      auto* first = reinterpret_cast<const element*>(
          in.bytes(n * sizeof(element), name_of<T>()));
      return value{first, n};
    } else {
      return static_cast<const T&>(*holder_);
    }
  }

private:
  std::conditional_t<views<value>(), incoming, std::shared_ptr<const T>>
      holder_;
};

} // namespace detail

} // namespace ramet
