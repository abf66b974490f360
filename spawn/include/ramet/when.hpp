// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Several futures as one: all of them, or the first.

#pragma once

#include <ramet/detail/combination.hpp>
#include <ramet/future.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

namespace detail {

template <class T>
struct result_of_future;
template <class R>
struct result_of_future<future<R>> {
  using type = R;
};

template <class Range>
using element_result_t = typename result_of_future<
    std::remove_cvref_t<std::ranges::range_reference_t<Range>>>::type;

/// A range of futures that may be moved out of it.
template <class Range>
concept futures_given_away =
    !std::is_lvalue_reference_v<
        Range> && std::ranges::input_range<Range> && requires {
  typename element_result_t<Range>;
};

template <class Range>
std::vector<future<element_result_t<Range>>>
collect_futures(Range& futures, const char* operation) {
  std::vector<future<element_result_t<Range>>> result;
  for (auto one = std::ranges::begin(futures); one != std::ranges::end(futures);
       ++one) {
    result.push_back(std::ranges::iter_move(one));
    require_valid(result.back(), operation);
  }
  return result;
}

} // namespace detail

/// The future of the results of all `futures`, in their order: a std::vector of
/// them, or nothing if they are `future<void>`.
///
/// @code
/// std::vector<ramet::future<int>> parts;
/// for (auto& file : files)
///   parts.push_back(ramet::async(count_words, file));
/// std::vector<int> counts = ramet::when_all(std::move(parts)).get();
/// @endcode
///
/// Fails as soon as one of them does, with that failure. The others are dropped
/// then: their work goes on, and their failures are told on stderr. To hear of
/// each, wait for each.
///
/// cancel() cancels all of them that are not ready; dropping it drops them all.
/// Of none of them it is ready at once.
///
/// Takes any range of futures that is given away. Does not wait, and starts no
/// thread of its own: results are brought as they are for then(), which for
/// async() means when the process has ended. A process that dies has failed its
/// future. For any number of threads at a time, each with futures of its own.
/// @throws error closed if one of the futures has no result to come; all are
///   dropped then
template <detail::futures_given_away Range>
auto when_all(Range&& futures) {
  auto parts = detail::collect_futures(futures, "when_all()");
  using state = detail::state_of_all<decltype(parts)>;
  using result = typename state::result;
  if (parts.empty()) {
    auto none = std::make_shared<detail::future_state<result>>();
    if constexpr (std::is_void_v<result>)
      none->complete();
    else
      none->complete({});
    return detail::make_future<result>(std::move(none));
  }
  auto count = parts.size();
  return detail::combine<state, result>(std::move(parts), count);
}

/// The same for futures of different types: of a std::tuple of the results,
/// with a std::monostate in the place of each `void`. @throws as above
///
/// @code
/// auto [text, size] = ramet::when_all(std::move(f), std::move(g)).get();
/// @endcode
template <class... Rs>
requires(sizeof...(Rs) > 0)
    future<std::tuple<detail::result_in_tuple<Rs>...>> when_all(
        future<Rs>... futures) {
  (detail::require_valid(futures, "when_all()"), ...);
  using state = detail::state_of_all<std::tuple<future<Rs>...>>;
  return detail::combine<state, typename state::result>(
      std::tuple{std::move(futures)...}, sizeof...(Rs));
}

/// What when_any gives: all the futures again, one of which is ready.
template <class Futures>
struct when_any_result {
  /// Of the one that was ready first. `futures[index].get()` does not wait; it
  /// throws if that one failed. Others may be ready, too.
  std::size_t index = 0;
  /// In the order in which they were given: a std::vector, or a std::tuple.
  Futures futures;

  /// The result of that one, once. @throws as future::get
  auto get() requires requires(Futures& all) { all[0].get(); }
  { return futures[index].get(); }
};

/// The future that is ready as soon as one of `futures` is, with a result or a
/// failure. It gives all of them back, still to be used.
///
/// @code
/// while (!parts.empty()) {
///   auto first = ramet::when_any(std::move(parts)).get();
///   total += first.get();
///   parts = std::move(first.futures);
///   parts.erase(parts.begin() + first.index);
/// }
/// @endcode
///
/// It fails only when it is cancelled, with errc::closed: that cancels all of
/// them. Dropping it, or its result, drops them all: their work goes on.
///
/// Ranges, waiting, threads and processes that die: as with when_all.
/// @throws error closed if there are none, or one of them has no result to
///   come; all are dropped then
template <detail::futures_given_away Range>
auto when_any(Range&& futures) {
  auto parts = detail::collect_futures(futures, "when_any()");
  if (parts.empty())
    detail::throw_none_of_none();
  using result = when_any_result<decltype(parts)>;
  return detail::combine<detail::state_of_any<result, decltype(parts)>, result>(
      std::move(parts));
}

/// The same for futures of different types: the result has a std::tuple of
/// them, and which one is ready is to be seen from `index`. @throws as above
template <class... Rs>
requires(sizeof...(Rs) > 0)
    future<when_any_result<std::tuple<future<Rs>...>>> when_any(
        future<Rs>... futures) {
  (detail::require_valid(futures, "when_any()"), ...);
  using parts = std::tuple<future<Rs>...>;
  using result = when_any_result<parts>;
  return detail::combine<detail::state_of_any<result, parts>, result>(
      parts{std::move(futures)...});
}

} // namespace ramet
