// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Requests to actors from code that is no actor.

#pragma once

#include <ramet/actor_error.hpp>
#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/question.hpp>
#include <ramet/future.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/typed_actor.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet {

namespace detail {

/// What an answer of these types is to whoever asked.
template <class Types>
struct answer_of;
template <class R>
struct answer_of<caf_compat::type_list<R>> {
  using type = std::conditional_t<std::is_same_v<R, caf::unit_t>, void, R>;
};
template <>
struct answer_of<caf_compat::type_list<>> {
  using type = void;
};
template <class R, class... Rs>
struct answer_of<caf_compat::type_list<R, Rs...>> {
  using type = std::tuple<R, Rs...>;
};

} // namespace detail

/// Sends a request to an actor, in whatever process it is, and gives the future
/// of its answer: of the type that the actor's interface says for these values;
/// void if it says none, a std::tuple if several.
///
/// @code
/// int balance = ramet::ask(account, deposit::value, 50).get();
/// @endcode
///
/// Does not wait. For any number of threads at once. In an actor use
/// `self->request(...)`, which does not block; get() within an actor does, and
/// costs a thread for that time.
///
/// get() throws actor_error: errc::closed when the actor or its process has
/// ended, or ends before it has answered; errc::child_failed for any other
/// error answer, and for an answer that was promised and dropped.
/// @throws error closed if the handle is empty
template <class... Signatures, class... Ts>
auto ask(const caf::typed_actor<Signatures...>& actor, Ts&&... values) {
  using found =
      detail::caf_compat::response_to<caf::typed_actor<Signatures...>, Ts...>;
  static_assert(found::valid,
                "ramet: this actor's interface has no handler for a message of "
                "these types");
  using answer = typename detail::answer_of<typename found::type>::type;
  if (!actor)
    detail::throw_no_actor();
  return detail::make_future<answer>(
      std::shared_ptr<detail::future_state<answer>>{detail::ask_actor<answer>(
          caf::actor_cast<caf::strong_actor_ptr>(actor),
          std::forward<Ts>(values)...)});
}

/// The same for an actor without a typed interface: R says what the answer is
/// to be; with another one, get() throws errc::type_mismatch. Without R: the
/// message. Waiting, threads and errors are as above.
template <class R = caf::message, class... Ts>
future<R> ask(const caf::actor& actor, Ts&&... values) {
  if (!actor)
    detail::throw_no_actor();
  return detail::make_future<R>(std::shared_ptr<detail::future_state<R>>{
      detail::ask_actor<R>(caf::actor_cast<caf::strong_actor_ptr>(actor),
                           std::forward<Ts>(values)...)});
}

} // namespace ramet
