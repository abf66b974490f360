// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a source takes messages out of.

#pragma once

#include <ramet/connection.hpp>
#include <ramet/detail/message_types.hpp>
#include <ramet/detail/waitable.hpp>
#include <ramet/queue.hpp>

#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// A queue or a connection without its types. Used by one thread.
class inlet {
public:
  inlet() = default;
  inlet(const inlet&) = delete;
  inlet& operator=(const inlet&) = delete;
  virtual ~inlet() = default;

  /// Ready when take() gives or throws something.
  virtual waitable what() const = 0;
  /// The next message; nothing when there is none now. @throws error closed
  ///   when none will come, type_mismatch when it is another one (it stays),
  ///   protocol when it is damaged (it is dropped)
  virtual std::optional<caf::message> take() = 0;
};

/// The message that an item becomes.
template <class T>
caf::message item_message(T&& item) {
  static_assert(!std::is_lvalue_reference_v<T>);
  if constexpr (std::is_same_v<T, caf::message>)
    return std::move(item);
  else
    return caf::make_message(std::move(item));
}

template <class T>
class queue_inlet final : public inlet {
public:
  explicit queue_inlet(queue<T> from) : from_(std::move(from)) {}

  waitable what() const override { return handle_access::waitable(from_); }

  std::optional<caf::message> take() override {
    auto item = from_.try_get();
    if (!item)
      return std::nullopt;
    return item_message<T>(std::move(*item));
  }

private:
  queue<T> from_;
};

template <class... Ts>
class pipe_inlet final : public inlet {
public:
  /// @throws error protocol when this end only sends
  explicit pipe_inlet(connection from) : from_(std::move(from)) {
    static_cast<void>(from_.poll_for(std::chrono::seconds{0}));
  }

  waitable what() const override { return handle_access::waitable(from_); }

  std::optional<caf::message> take() override {
    if (!from_.poll()) // nobody else takes: receive() does not wait after this
      return std::nullopt;
    return from_.receive(
        [](Ts item) { return item_message<Ts>(std::move(item)); }...);
  }

private:
  connection from_;
};

} // namespace ramet::detail
